package bitcraps_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/bitcraps/bitcraps/libs/config"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"

	// Contracts that no server implements yet.
	_ "github.com/bitcraps/bitcraps/proto/gen/bitcraps/backup/v1"
	_ "github.com/bitcraps/bitcraps/proto/gen/bitcraps/meshbridge/v1"
	_ "github.com/bitcraps/bitcraps/proto/gen/bitcraps/secrets/v1"
)

// TestEveryMethodHasAnAccessRule checks all contracts. A method without a rule would refuse everybody.
func TestEveryMethodHasAnAccessRule(t *testing.T) {
	callers := []string{"operator"}
	for _, service := range config.Services {
		callers = append(callers, strings.ReplaceAll(service, "_", "-"))
	}
	count := 0
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "bitcraps.") {
			return true
		}
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				count++
				rule, _ := proto.GetExtension(methods.Get(j).Options(), optionsv1.E_Access).(*optionsv1.Access)
				if len(rule.GetCallers()) == 0 || rule.GetPrincipal() == optionsv1.Principal_PRINCIPAL_UNSPECIFIED {
					t.Errorf("%s has no rule", methods.Get(j).FullName())
				}
				for _, caller := range rule.GetCallers() {
					if !slices.Contains(callers, caller) {
						t.Errorf("%s: there is no caller %q", methods.Get(j).FullName(), caller)
					}
				}
			}
		}
		return true
	})
	if count < 30 {
		t.Errorf("only %d methods were found", count)
	}
}
