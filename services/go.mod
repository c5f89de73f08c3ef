module github.com/bitcraps/bitcraps/services

go 1.26.0
