# What a developer runs. `just` lists the recipes.

default:
    @just --list

# The tests, as in CI.
test:
    cargo test --workspace

# Formatting, lints and documentation, warnings denied.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# All that CI runs.
ci:
    bash .ci/run

# Our benchmarks; pass a filter to run some of them.
bench *FILTER:
    cargo bench --package prollytree-bench -- {{FILTER}}

# The same work on other engines, in one process run (a workspace of its own; some minutes).
bench-compare *ARGS:
    cd bench-compare && cargo run --release -- {{ARGS}}

# What is too long for CI: many more property-test cases, a short run of each fuzz target, and a minute
# of readers beside a writer.
nightly: (fuzz "60")
    PROPTEST_CASES=100000 cargo test --release --package prollytree-tree --test it
    PROPTEST_CASES=2000 cargo test --release --package prollytree-repo --test it
    cargo test --release --package prollytree-repo --test it -- --ignored

# Every fuzz target for so many seconds (needs a nightly toolchain and cargo-fuzz).
fuzz SECONDS="60":
    cd fuzz && for target in $(cargo +nightly fuzz list); do \
        mkdir -p "corpus-local/$target"; \
        cargo +nightly fuzz run "$target" "corpus-local/$target" "corpus/$target" -- -max_total_time={{SECONDS}} -rss_limit_mb=512 || exit 1; \
    done

# Licences, advisories and sources of the dependencies (needs cargo-deny).
deny:
    cargo deny check
