//! What a table is made of when its columns are declared: a struct of columns, a row, and the names and types.

macro_rules! stored {
    (f64) => { Vec<f64> };
    (i64) => { Vec<i64> };
    (u8) => { Vec<u8> };
    (text) => { Vec<String> };
}

macro_rules! single {
    (f64) => {
        f64
    };
    (i64) => {
        i64
    };
    (u8) => {
        u8
    };
    (text) => {
        String
    };
}

macro_rules! column {
    (f64, $v:expr) => {
        Column::F64($v)
    };
    (i64, $v:expr) => {
        Column::I64($v)
    };
    (u8, $v:expr) => {
        Column::U8($v)
    };
    (text, $v:expr) => {
        Column::Text($v)
    };
}

macro_rules! tables {
    ($( $(#[$doc:meta])* $table:ident of $row:ident, $name:literal { $( $(#[$coldoc:meta])* $col:ident: $ty:tt ),* $(,)? } )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Default)]
            pub struct $table {
                $( $(#[$coldoc])* pub $col: stored!($ty), )*
            }

            #[doc = concat!("One row of `", $name, "`.")]
            #[derive(Clone, Debug)]
            pub struct $row {
                $( $(#[$coldoc])* pub $col: single!($ty), )*
            }

            impl $table {
                /// An empty table with room for some rows.
                pub fn with_capacity(rows: usize) -> Self {
                    Self { $( $col: Vec::with_capacity(rows), )* }
                }

                /// Appends a row and returns its number.
                pub fn push(&mut self, row: $row) -> usize {
                    $( self.$col.push(row.$col); )*
                    self.len() - 1
                }

                /// Number of rows.
                pub fn len(&self) -> usize {
                    [$( self.$col.len() ),*][0]
                }

                /// True when there are no rows.
                pub fn is_empty(&self) -> bool {
                    self.len() == 0
                }

                /// The table of some rows.
                pub fn of(rows: Vec<$row>) -> Self {
                    let mut table = Self::with_capacity(rows.len());
                    for row in rows {
                        table.push(row);
                    }
                    table
                }

                /// The columns, moved.
                pub fn into_table(self) -> Table {
                    Table::new($name)$( .with(stringify!($col), column!($ty, self.$col)) )*
                }
            }
        )*

        /// Names and column types of all tables that are plain rows.
        fn row_schemas() -> Vec<Schema> {
            vec![ $( ($name, vec![$( (stringify!($col), stringify!($ty)) ),*]) ),* ]
        }
    };
}
