module github.com/bitcraps/bitcraps/gateway

go 1.26.0
