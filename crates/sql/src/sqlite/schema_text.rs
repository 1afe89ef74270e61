//! A catalog as the statements that make it.

use super::text_of::{create_index, create_table, is_known};
use crate::catalog::Catalog;

/// The statements that make what a catalog describes, without their semicolons.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SchemaText {
    /// The tables, in the order of their names.
    pub tables: Vec<String>,
    /// The indexes, views and triggers: what can be made when the rows are there.
    pub rest: Vec<String>,
}

/// What a catalog describes, in the dialect of SQLite; with a name, one table or view and what
/// belongs to it. Case is not regarded.
pub fn schema_text(catalog: &Catalog, name: Option<&str>) -> SchemaText {
    let is_meant = |of: &str| name.is_none_or(|name| name.eq_ignore_ascii_case(of));
    let mut text = SchemaText::default();
    for table in catalog.tables().filter(|table| is_meant(&table.name)) {
        text.tables.push(plain(&create_table(table)));
        let indexes = table.indexes.iter().filter(|index| !index.constraint && is_known(index));
        text.rest.extend(indexes.map(|index| plain(&create_index(table, index))));
    }
    let views = catalog.views().filter(|view| is_meant(&view.name));
    text.rest.extend(views.map(|view| view.sql.clone()));
    let triggers = catalog.triggers();
    let triggers = triggers.filter(|trigger| is_meant(trigger.on.as_deref().unwrap_or_default()));
    text.rest.extend(triggers.map(|trigger| trigger.sql.clone()));
    text
}

/// A statement without the name of the schema, which another program may call otherwise.
fn plain(sql: &str) -> String {
    sql.replacen(" main.", " ", 1).trim_end().to_owned()
}
