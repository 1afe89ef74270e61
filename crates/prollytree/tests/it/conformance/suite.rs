//! The ten groups of the suite, for any storage.

/// Runs the suite in a module: `$make` makes a storage of the backend `$backend`, and what must live as
/// long, of type `$with`.
macro_rules! conformance {
    ($name:ident, $backend:ty, $with:ty, $make:expr) => {
        mod $name {
            #[allow(unused_imports, reason = "each backend is made of others of them")]
            use super::*;
            use async_trait::async_trait;
            use gluesql_core::prelude::Glue;
            use gluesql_test_suite::*;

            struct Tested {
                glue: Glue<prollytree::sql::ProllyStorage<32, $backend>>,
                #[allow(dead_code, reason = "it lives as long as the storage")]
                with: $with,
            }

            #[async_trait(?Send)]
            impl Tester<prollytree::sql::ProllyStorage<32, $backend>> for Tested {
                async fn new(_: &str) -> Self {
                    let (storage, with) = $make;
                    Self { glue: Glue::new(storage), with }
                }

                fn get_glue(&mut self) -> &mut Glue<prollytree::sql::ProllyStorage<32, $backend>> {
                    &mut self.glue
                }
            }

            generate_store_tests!(tokio::test, Tested);
            generate_alter_table_tests!(tokio::test, Tested);
            generate_custom_function_tests!(tokio::test, Tested);
            generate_metadata_table_tests!(tokio::test, Tested);
            generate_index_tests!(tokio::test, Tested);
            generate_transaction_tests!(tokio::test, Tested);
            generate_alter_table_index_tests!(tokio::test, Tested);
            generate_transaction_alter_table_tests!(tokio::test, Tested);
            generate_transaction_index_tests!(tokio::test, Tested);
            generate_metadata_index_tests!(tokio::test, Tested);
        }
    };
}
