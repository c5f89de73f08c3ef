package telemetry

import (
	"fmt"
	"log/slog"
	"os"

	"go.opentelemetry.io/otel"
	"google.golang.org/grpc/grpclog"
)

// SetGlobals sets the process's globals such that libraries write to the logger instead of to standard error: package log, slog's default
// logger, gRPC and OpenTelemetry. It is for main functions, before anything else runs.
func SetGlobals(logger *slog.Logger) {
	slog.SetDefault(Module(logger, "std"))
	grpclog.SetLoggerV2(grpcLog{Module(logger, "google.golang.org/grpc")})
	sdk := Module(logger, "go.opentelemetry.io/otel")
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { sdk.Warn("telemetry fails", "error", err) }))
}

// grpcLog forwards gRPC's log to ours at one level lower: its warnings are normal events of connections, and its errors are returned to
// callers as well.
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
func (l grpcLog) Fatal(args ...any)                   { l.fatal(fmt.Sprint(args...)) }
func (l grpcLog) Fatalln(args ...any)                 { l.fatal(fmt.Sprint(args...)) }
func (l grpcLog) Fatalf(format string, args ...any)   { l.fatal(fmt.Sprintf(format, args...)) }
func (l grpcLog) V(level int) bool                    { return level <= 0 }

// fatal logs a line and exits, as gRPC requires.
func (l grpcLog) fatal(text string) {
	l.logger.Error(text)
	os.Exit(1)
}
