# SPDX-License-Identifier: BSD-3-Clause
# R: all.R EXTENSION. Calls between collections of R's heap, child processes, and an interrupt.
dyn.load(commandArgs(TRUE)[1])
use <- function() .C("golib_use", result = integer(1))$result
for (i in 1:20) {
  stopifnot(use() == 1)
  gc(full = FALSE)
  sort(runif(10000))
}
stopifnot(parallel::mclapply(1:2, function(i) i + 40, mc.cores = 2)[[2]] == 42)
Sys.setenv(OF_R = "r")
.C("golib_env")
stopifnot(system("echo $OF_R", intern = TRUE) == "r")
caught <- tryCatch({
  tools::pskill(Sys.getpid(), tools::SIGINT)
  Sys.sleep(10)
  "nothing"
}, interrupt = function(e) "interrupt")
stopifnot(caught == "interrupt", use() == 1)
cat("ok\n")
