package telemetry

import (
	"fmt"
	"log/slog"
	"os"

	"go.opentelemetry.io/otel"
	"google.golang.org/grpc/grpclog"
)

// SetGlobals has what libraries would write to the process's standard error go to the logger: package log, slog's default, gRPC and
// OpenTelemetry. It is for main functions, before anything else runs: these are the globals of the process.
func SetGlobals(logger *slog.Logger) {
	slog.SetDefault(Module(logger, "std"))
	grpclog.SetLoggerV2(grpcLog{Module(logger, "google.golang.org/grpc")})
	sdk := Module(logger, "go.opentelemetry.io/otel")
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { sdk.Warn("telemetry fails", "error", err) }))
}

// grpcLog writes gRPC's lines to ours, one level below what it calls them: what it warns of is what connections do, and what fails
// its caller sees.
type grpcLog struct{ logger *slog.Logger }

func (l grpcLog) Info(args ...any)                    { l.logger.Debug(fmt.Sprint(args...)) }
func (l grpcLog) Infoln(args ...any)                  { l.logger.Debug(fmt.Sprint(args...)) }
func (l grpcLog) Infof(format string, args ...any)    { l.logger.Debug(fmt.Sprintf(format, args...)) }
func (l grpcLog) Warning(args ...any)                 { l.logger.Info(fmt.Sprint(args...)) }
func (l grpcLog) Warningln(args ...any)               { l.logger.Info(fmt.Sprint(args...)) }
func (l grpcLog) Warningf(format string, args ...any) { l.logger.Info(fmt.Sprintf(format, args...)) }
func (l grpcLog) Error(args ...any)                   { l.logger.Warn(fmt.Sprint(args...)) }
func (l grpcLog) Errorln(args ...any)                 { l.logger.Warn(fmt.Sprint(args...)) }
func (l grpcLog) Errorf(format string, args ...any)   { l.logger.Warn(fmt.Sprintf(format, args...)) }
func (l grpcLog) Fatal(args ...any)                   { l.end(fmt.Sprint(args...)) }
func (l grpcLog) Fatalln(args ...any)                 { l.end(fmt.Sprint(args...)) }
func (l grpcLog) Fatalf(format string, args ...any)   { l.end(fmt.Sprintf(format, args...)) }
func (l grpcLog) V(level int) bool                    { return level <= 0 }

// end is what gRPC wants of a fatal line.
func (l grpcLog) end(text string) {
	l.logger.Error(text)
	os.Exit(1)
}
