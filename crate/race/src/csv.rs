use crate::TableError;

/// The cells of a line: separated by commas; a cell in double quotes may hold commas, and two quotes for one (RFC 4180,
/// but for line feeds within a cell).
pub(crate) fn cells(line: &str, number: u32) -> Result<Vec<String>, TableError> {
    let mut cells = vec![String::new()];
    let mut characters = line.chars().peekable();
    let mut is_quoted = false;
    while let Some(character) = characters.next() {
        let cell = cells.last_mut().expect("there is always a cell");
        match character {
            '"' if is_quoted && characters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' if is_quoted || cell.is_empty() => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            other => cell.push(other),
        }
    }
    if is_quoted { Err(TableError::OpenQuote { line: number }) } else { Ok(cells) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_commas_and_quotes() {
        for (line, expected) in [
            ("a,b", &["a", "b"][..]),
            ("", &[""]),
            (",", &["", ""]),
            (r#""a,b",c"#, &["a,b", "c"]),
            (r#""say ""hi""",4" disk"#, &[r#"say "hi""#, r#"4" disk"#]),
            (r#""",x"#, &["", "x"]),
        ] {
            assert_eq!(cells(line, 1).unwrap(), expected, "{line}");
        }
        assert_eq!(cells(r#"a,"b"#, 7), Err(TableError::OpenQuote { line: 7 }));
    }
}
