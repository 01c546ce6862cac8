//! Text in a link: raw DEFLATE (RFC 1951), then base64url without padding (RFC 4648, section 5).

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use nas_space::MAX_CUSTOM_BYTES;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// The slowest and smallest.
const COMPRESSION_LEVEL: u8 = 10;

/// A text as it stands in a link.
pub(super) fn write(text: &str) -> String {
    let mut written = String::new();
    for bytes in compress_to_vec(text.as_bytes(), COMPRESSION_LEVEL).chunks(3) {
        let mut block = [0; 3];
        block[..bytes.len()].copy_from_slice(bytes);
        let bits = u32::from_be_bytes([0, block[0], block[1], block[2]]);
        for digit in 0..=bytes.len() {
            written.push(char::from(ALPHABET[(bits >> (18 - 6 * digit)) as usize & 63]));
        }
    }
    written
}

/// The text that stands in a link; none if it is damaged, or longer than any that is taken.
pub(super) fn read(written: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(written.len());
    for digits in written.as_bytes().chunks(4) {
        let mut bits = 0;
        for place in 0..4 {
            let value = match digits.get(place) {
                Some(digit) => ALPHABET.iter().position(|other| other == digit)?,
                None => 0,
            };
            bits = bits << 6 | value as u32;
        }
        let block = bits.to_be_bytes();
        // The last digits may stand for fewer than three bytes; the bits behind them are 0.
        let length = match digits.len() {
            4 => 3,
            3 if block[3] == 0 => 2,
            2 if block[2] == 0 && block[3] == 0 => 1,
            _ => return None,
        };
        bytes.extend(&block[1..=length]);
    }
    let text = decompress_to_vec_with_limit(&bytes, MAX_CUSTOM_BYTES).ok()?;
    String::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let long = "{\"block\": \"conv\"}, ".repeat(800);
        for text in ["", "a", "ab", "abc", "{\n \"ñ\": 1 }", &long] {
            let written = write(text);
            assert!(written.bytes().all(|byte| ALPHABET.contains(&byte)), "{written}");
            assert_eq!(read(&written).as_deref(), Some(text));
        }
        assert!(write(&long).len() < 200);
    }

    #[test]
    fn base64url_is_that_of_the_standard() {
        // As Python 3.11 packs it: base64.urlsafe_b64encode of what zlib.compressobj(9, zlib.DEFLATED, -15) writes.
        let packed = "q1ZKyy_KTSxRslIw1FFQSk_NSy0GsqNjgZycxMrUIgivFgA";
        assert_eq!(read(packed).as_deref(), Some(r#"{"format": 1, "genes": [], "layers": []}"#));
    }

    #[test]
    fn what_is_damaged_or_too_long_is_not_read() {
        let written = write("{\"format\": 1}");
        for damaged in [&written[1..], &written[..written.len() - 1], "A", "a+b/", "AA=="] {
            assert_eq!(read(damaged), None, "{damaged}");
        }
        assert_eq!(read(&write(&"a".repeat(MAX_CUSTOM_BYTES + 1))), None);
        assert!(read(&write(&"a".repeat(MAX_CUSTOM_BYTES))).is_some());
    }
}
