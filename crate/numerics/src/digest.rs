use core::fmt;

use sha2::{Digest as _, Sha256};

/// A SHA-256 digest; displayed as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The first `digits` hexadecimal digits: a name short enough to read.
    ///
    /// # Panics
    /// If more than 64 digits are asked for.
    #[must_use]
    pub fn short(&self, digits: usize) -> String {
        self.to_string()[..digits].to_owned()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl core::str::FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let digits = text.as_bytes();
        let is_lower_hex = |digit: &u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() != 64 || !digits.iter().all(is_lower_hex) {
            return Err(NotADigest);
        }
        let value = |digit: u8| if digit.is_ascii_digit() { digit - b'0' } else { digit - b'a' + 10 };
        Ok(Self(std::array::from_fn(|i| value(digits[2 * i]) << 4 | value(digits[2 * i + 1]))))
    }
}

/// The text is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotADigest;

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Digest({self})")
    }
}

/// The SHA-256 digest of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// A digest made piece by piece. Every piece is preceded by its length, so that `["ab", "c"]` and
/// `["a", "bc"]` differ.
#[derive(Clone, Default)]
pub struct Digester(Sha256);

impl Digester {
    /// An empty digester.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes as one piece.
    #[must_use]
    pub fn bytes(mut self, piece: &[u8]) -> Self {
        self.0.update((piece.len() as u64).to_le_bytes());
        self.0.update(piece);
        self
    }

    /// Adds a text as one piece.
    #[must_use]
    pub fn text(self, piece: &str) -> Self {
        self.bytes(piece.as_bytes())
    }

    /// Adds a number as one piece.
    #[must_use]
    pub fn number(self, piece: u64) -> Self {
        self.bytes(&piece.to_le_bytes())
    }

    /// Adds the bit patterns of floats as one piece: +0 and −0 differ.
    #[must_use]
    pub fn floats(mut self, piece: &[f32]) -> Self {
        self.0.update((piece.len() as u64 * 4).to_le_bytes());
        for value in piece {
            self.0.update(value.to_le_bytes());
        }
        self
    }

    /// The digest of all pieces.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_test_vector_holds() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc").to_string(), expected);
        assert_eq!(sha256(b"abc").short(8), "ba7816bf");
        assert_eq!(expected.parse(), Ok(sha256(b"abc")));
        assert_eq!(expected.to_uppercase().parse::<Digest>(), Err(NotADigest));
        assert_eq!("".parse::<Digest>(), Err(NotADigest));
    }

    #[test]
    fn pieces_do_not_run_into_one_another() {
        let split_late = Digester::new().text("ab").text("c").finish();
        let split_early = Digester::new().text("a").text("bc").finish();
        assert_ne!(split_late, split_early);
    }

    #[test]
    fn floats_are_digested_by_their_bits() {
        let digest = |value: f32| Digester::new().floats(&[value]).finish();
        assert_ne!(digest(0.0), digest(-0.0));
        assert_eq!(digest(1.5), Digester::new().bytes(&1.5f32.to_le_bytes()).finish());
    }
}
