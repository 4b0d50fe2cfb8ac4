#!/bin/sh
# Runs all Go tests: with the race detector where the engine is not linked,
# without it where it is (DuckDB is C++, which it neither sees nor speeds up).
. "$(dirname "$0")/env.sh"

has moto_server || missing "tests against moto, which is not installed"
[ -n "${VERSITYGW:-}" ] || missing "tests against versitygw, which is not built"
# Where the test looks for it too.
provider=
for d in "${WEIR_TERRAFORM_PLUGINS:-}" "$HOME/.terraform.d/plugins" /usr/local/share/terraform/plugins /usr/share/terraform/plugins /opt/*; do
	[ ! -d "$d/registry.terraform.io/hashicorp/aws" ] || provider=$d
done
if ! has terraform || [ -z "$provider" ]; then
	echo "not run: the tests against Terraform, which is not installed, or no folder has its AWS provider: WEIR_TERRAFORM_PLUGINS names one"
fi
[ -n "$tags" ] || missing "tests with libdeflate, which is not installed"

# Packages whose tests link the engine, and the others.
links=$("$GO" list -tags "$tags" -test -f '{{.ImportPath}} {{join .Deps " "}}' ./...)
all=$("$GO" list ./...)
engine=$(echo "$links" | grep ' github.com/duckdb/' | sed -E 's/ .*//; s/(_test)?\.test$//; s/_test$//' | sort -u)
race=$(echo "$all" | grep -vxF "$engine")
# Packages with property tests that are short under the race detector, and run whole without it.
whole=$(grep -rl --include='*_test.go' 'sharedtest\.Rounds(' flowlog internal | xargs -n1 dirname | sort -u | sed 's,^,./,')

# Tests of synth that count over whole days: they have no goroutines of their own, and take 4 minutes under the race detector.
days='^Test(SlotsAlone|Calibration|Shares|FlowsOnce|Totals|Rules|Refusals|NAT|Quiet)$'

# shellcheck disable=SC2086 # lists of words
"$GO" test -tags "$tags" -race -short -shuffle=on -timeout 20m $(echo "$race" | grep -v '/internal/synth$')
"$GO" test -tags "$tags" -race -short -shuffle=on -skip "$days" ./internal/synth
# shellcheck disable=SC2086
"$GO" test -tags "$tags" -shuffle=on -timeout 20m $whole
# shellcheck disable=SC2086
"$GO" test -tags "$tags" -shuffle=on -timeout 20m $engine
if [ -n "$tags" ]; then
	# Without libdeflate all is the same.
	"$GO" test -race -shuffle=on ./flowlog/... ./internal/intake
fi
