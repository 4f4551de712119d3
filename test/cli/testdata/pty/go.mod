module pty

go 1.19
