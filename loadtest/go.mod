module github.com/bitcraps/bitcraps/loadtest

go 1.26.0
