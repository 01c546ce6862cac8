use nas_member::parse_real;
use nas_space::{Gene, GeneTree, Genotype};
use thiserror::Error;

use crate::csv::cells;

/// Most choices of a gene: values of a genotype are 16 bits wide.
const CHOICES_MAX: usize = 1 << 16;
/// Characters of a cell that a message repeats.
const SHOWN: usize = 40;

/// Known results for the genotypes of a space.
///
/// A combination of choices that has no row is infeasible: strategies are told so, and their draws are rejected.
#[derive(Debug, Clone)]
pub struct Table {
    genes: GeneTree,
    /// Ascending, so that nothing depends on the order of lines.
    genotypes: Vec<Genotype>,
    columns: Vec<Column>,
}

/// Numbers, one for each genotype in order.
#[derive(Debug, Clone)]
struct Column {
    name: String,
    values: Vec<f64>,
}

/// Why a text is no table.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TableError {
    /// No line at all.
    #[error("the file is empty: its first line has to name the columns")]
    Empty,
    /// A header alone.
    #[error("there is no row below the names of the columns")]
    NoRows,
    /// No gene is named.
    #[error("no column is named as a gene: a table needs at least one")]
    NoGenes,
    /// A column that is not there.
    #[error("there is no column '{column}': use one of {known}")]
    MissingColumn {
        /// The name given.
        column: String,
        /// The names there are.
        known: String,
    },
    /// Two columns of one name, or a gene named twice.
    #[error("column '{column}' is there twice")]
    ColumnTwice {
        /// Its name.
        column: String,
    },
    /// A row with too many or too few cells.
    #[error("line {line}: {found} cells, the first line names {expected} columns")]
    RowLength {
        /// Number of the line, from 1.
        line: u32,
        /// Its cells.
        found: usize,
        /// Cells it should have.
        expected: usize,
    },
    /// A quote that is not closed on its line.
    #[error("line {line}: a quote is opened and not closed")]
    OpenQuote {
        /// Number of the line.
        line: u32,
    },
    /// A cell of a gene without a choice.
    #[error("line {line}, column '{column}': empty, a gene needs a choice in every row")]
    NoChoice {
        /// Number of the line.
        line: u32,
        /// The gene's column.
        column: String,
    },
    /// A cell that should hold a number.
    #[error(
        "line {line}, column '{column}': '{value}' is not a finite number; columns that are no genes hold numbers"
    )]
    NotANumber {
        /// Number of the line.
        line: u32,
        /// Its column.
        column: String,
        /// What stands there.
        value: String,
    },
    /// Two rows of one genotype.
    #[error("line {line}: the genotype of line {first} again")]
    GenotypeTwice {
        /// Number of the line.
        line: u32,
        /// Number of the earlier line.
        first: u32,
    },
    /// More choices than a gene can have.
    #[error("column '{column}' has more than {CHOICES_MAX} different choices: it is no gene")]
    TooManyChoices {
        /// The gene's column.
        column: String,
    },
}

impl Table {
    /// Reads CSV whose first line names the columns. The columns in `genes` are categorical genes, in this order, with
    /// their choices in alphabetical order; all others hold numbers.
    ///
    /// # Errors
    /// If a column is missing, a cell does not hold what it should, or a genotype comes twice; with line and column.
    pub fn from_csv(text: &str, genes: &[String]) -> Result<Self, TableError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
        let (number, header) = lines.next().ok_or(TableError::Empty)?;
        let names = cells(header, number)?;
        let is_gene = gene_places(&names, genes)?;
        let mut rows: Vec<(u32, Vec<String>)> = Vec::new();
        for (line, row) in lines {
            let row = cells(row, line)?;
            if row.len() != names.len() {
                return Err(TableError::RowLength { line, found: row.len(), expected: names.len() });
            }
            rows.push((line, row));
        }
        if rows.is_empty() {
            return Err(TableError::NoRows);
        }
        let genes =
            is_gene.iter().map(|&place| gene(&names[place], &rows, place)).collect::<Result<_, _>>()?;
        let genes = GeneTree::new(genes);
        let genotypes = sort_by_genotype(&genes, &is_gene, &mut rows)?;
        let numeric = (0..names.len()).filter(|place| !is_gene.contains(place));
        let columns = numeric.map(|place| column(&names[place], &rows, place)).collect::<Result<_, _>>()?;
        Ok(Self { genes, genotypes, columns })
    }

    /// The genes.
    #[must_use]
    pub fn genes(&self) -> &GeneTree {
        &self.genes
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.genotypes.len()
    }

    /// The row of a genotype, if it has one. Rows count in the order of genotypes, whatever that of lines.
    #[must_use]
    pub fn row(&self, genotype: &Genotype) -> Option<usize> {
        self.genotypes.binary_search(genotype).ok()
    }

    /// The numbers of a column, one for each row.
    ///
    /// # Errors
    /// If there is no such column, or it is a gene.
    pub fn column(&self, name: &str) -> Result<&[f64], TableError> {
        let column = self.columns.iter().find(|column| column.name == name);
        column.map(|column| column.values.as_slice()).ok_or_else(|| {
            let known: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
            TableError::MissingColumn { column: name.to_owned(), known: known.join(", ") }
        })
    }
}

/// The places of the genes among the columns.
fn gene_places(names: &[String], genes: &[String]) -> Result<Vec<usize>, TableError> {
    for list in [names, genes] {
        if let Some(twice) = (1..list.len()).find(|&place| list[..place].contains(&list[place])) {
            return Err(TableError::ColumnTwice { column: list[twice].clone() });
        }
    }
    if genes.is_empty() {
        return Err(TableError::NoGenes);
    }
    let place = |gene: &String| {
        names
            .iter()
            .position(|name| name == gene)
            .ok_or_else(|| TableError::MissingColumn { column: gene.clone(), known: names.join(", ") })
    };
    genes.iter().map(place).collect()
}

/// The gene of a column.
fn gene(name: &str, rows: &[(u32, Vec<String>)], place: usize) -> Result<Gene, TableError> {
    if let Some((line, _)) = rows.iter().find(|(_, row)| row[place].is_empty()) {
        return Err(TableError::NoChoice { line: *line, column: name.to_owned() });
    }
    let mut choices: Vec<&str> = rows.iter().map(|(_, row)| row[place].as_str()).collect();
    choices.sort_unstable();
    choices.dedup();
    if choices.len() > CHOICES_MAX {
        return Err(TableError::TooManyChoices { column: name.to_owned() });
    }
    Ok(Gene::new(name, choices))
}

/// Brings the rows into the order of their genotypes, which it returns.
fn sort_by_genotype(
    genes: &GeneTree,
    places: &[usize],
    rows: &mut Vec<(u32, Vec<String>)>,
) -> Result<Vec<Genotype>, TableError> {
    let value = |gene: &Gene, cell: &String| {
        gene.choices.binary_search(cell).expect("every cell of a gene is one of its choices") as u16
    };
    let genotype = |row: &[String]| {
        Genotype(genes.genes().iter().zip(places).map(|(gene, &place)| value(gene, &row[place])).collect())
    };
    let mut keyed: Vec<_> = rows.drain(..).map(|(line, row)| (genotype(&row), line, row)).collect();
    keyed.sort_unstable();
    if let Some(pair) = keyed.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(TableError::GenotypeTwice { line: pair[1].1, first: pair[0].1 });
    }
    let (genotypes, sorted) = keyed.into_iter().map(|(genotype, line, row)| (genotype, (line, row))).unzip();
    *rows = sorted;
    Ok(genotypes)
}

/// The numbers of a column; of several cells that are none, the first line's is told.
fn column(name: &str, rows: &[(u32, Vec<String>)], place: usize) -> Result<Column, TableError> {
    let number = |cell: &str| parse_real(cell.trim()).filter(|number| number.is_finite());
    let wrong = rows.iter().filter(|(_, row)| number(&row[place]).is_none()).min_by_key(|(line, _)| *line);
    if let Some((line, row)) = wrong {
        let value = row[place].chars().take(SHOWN).collect();
        return Err(TableError::NotANumber { line: *line, column: name.to_owned(), value });
    }
    let values = rows.iter().filter_map(|(_, row)| number(&row[place])).collect();
    Ok(Column { name: name.to_owned(), values })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "depth,accuracy,kind,macs\n2,0.9,conv,5\n1,0.5,pool,1\n\n2,0.25,pool,-2e1\n";

    fn genes(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn table(text: &str) -> Result<Table, TableError> {
        Table::from_csv(text, &genes(&["kind", "depth"]))
    }

    #[test]
    fn genes_are_categorical_and_the_rest_are_numbers() {
        let table = table(TEXT).unwrap();
        let choices: Vec<_> = table.genes().genes().iter().map(|gene| gene.choices.clone()).collect();
        assert_eq!(choices, [["conv", "pool"], ["1", "2"]]);
        assert_eq!(table.rows(), 3);
        let rows: Vec<_> = table.genes().all().map(|genotype| table.row(&genotype)).collect();
        // No convolution of depth 1.
        assert_eq!(rows, [None, Some(0), Some(1), Some(2)]);
        assert_eq!(table.column("accuracy").unwrap(), [0.9, 0.5, 0.25]);
        assert_eq!(table.column("macs").unwrap(), [5.0, 1.0, -20.0]);
    }

    #[test]
    fn neither_the_order_of_lines_nor_their_ends_matter() {
        let reordered =
            "\u{feff}depth,accuracy,kind,macs\r\n1,0.5,pool,1\r\n2,0.25,\"pool\",-20\r\n2,0.9,conv,5";
        let (one, other) = (table(TEXT).unwrap(), table(reordered).unwrap());
        assert_eq!(one.genotypes, other.genotypes);
        assert_eq!(one.column("accuracy"), other.column("accuracy"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let head = "depth,accuracy,kind,macs\n";
        for (text, expected) in [
            (String::new(), "the file is empty: its first line has to name the columns"),
            (head.to_owned(), "there is no row below the names of the columns"),
            ("depth,accuracy\n1,2\n".into(), "there is no column 'kind': use one of depth, accuracy"),
            ("depth,kind,kind\n1,2,2\n".into(), "column 'kind' is there twice"),
            (format!("{head}1,0.5,pool\n"), "line 2: 3 cells, the first line names 4 columns"),
            (format!("{head}1,0.5,\"pool,1\n"), "line 2: a quote is opened and not closed"),
            (format!("{head}1,0.5,,1\n"), "line 2, column 'kind': empty, a gene needs a choice in every row"),
            (
                format!("{head}2,0.5,pool,1\n1,half,pool,1\n"),
                "line 3, column 'accuracy': 'half' is not a finite number; columns that are no genes hold numbers",
            ),
            (format!("{head}1,NaN,pool,1\n"), "line 2, column 'accuracy': 'NaN' is not a finite number"),
            (format!("{head}1,1e999,pool,1\n"), "'1e999' is not a finite number"),
            (format!("{head}1,,pool,1\n"), "line 2, column 'accuracy': '' is not a finite number"),
            (format!("{head}1,1,pool,1\n2,1,pool,1\n1,2,pool,1\n"), "line 4: the genotype of line 2 again"),
        ] {
            let message = table(&text).unwrap_err().to_string();
            assert!(message.starts_with(expected) || message.contains(expected), "{text}: {message}");
        }
        assert_eq!(Table::from_csv(TEXT, &[]).unwrap_err(), TableError::NoGenes);
        let twice = Table::from_csv(TEXT, &genes(&["kind", "kind"])).unwrap_err();
        assert_eq!(twice, TableError::ColumnTwice { column: "kind".into() });
        let message = table(TEXT).unwrap().column("kind").unwrap_err().to_string();
        assert_eq!(message, "there is no column 'kind': use one of accuracy, macs");
    }
}
