//! Content of pages, cut into operands and operators.

/// What an operator works on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Number(f32),
    Name(Vec<u8>),
    String(Vec<u8>),
    Array(Vec<Operand>),
    Dictionary(Vec<Operand>),
    Other,
}

/// The numbers among operands.
pub(super) fn numbers(operands: &[Operand]) -> Vec<f32> {
    operands
        .iter()
        .filter_map(|operand| match operand {
            Operand::Number(value) => Some(*value),
            _ => None,
        })
        .collect()
}

/// A piece of content.
pub(super) enum Token<'a> {
    Operand(Operand),
    Operator(&'a [u8]),
}

/// Cuts content into operands and operators, one at a time: a page of gigabytes takes no memory.
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Arrays inside arrays.
const MAX_DEPTH: usize = 16;
/// Parts of one array.
const MAX_PARTS: usize = 100_000;

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

fn is_delimiter(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
    )
}

impl<'a> Lexer<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next piece; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        loop {
            self.skip_space();
            let byte = *self.bytes.get(self.at)?;
            return Some(match byte {
                b'(' | b'<' | b'[' | b'/' => Token::Operand(self.operand(0)),
                b'+' | b'-' | b'.' | b'0'..=b'9' => Token::Operand(self.number()),
                b')' | b'>' | b']' | b'{' | b'}' => {
                    self.at += 1;
                    continue;
                }
                _ => {
                    let word = self.word();
                    match word {
                        b"true" | b"false" | b"null" => Token::Operand(Operand::Other),
                        _ => Token::Operator(word),
                    }
                }
            });
        }
    }

    fn skip_space(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            if byte == b'%' {
                while self
                    .bytes
                    .get(self.at)
                    .is_some_and(|byte| !matches!(byte, b'\n' | b'\r'))
                {
                    self.at += 1;
                }
            } else if is_space(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    fn word(&mut self) -> &'a [u8] {
        let start = self.at;
        while self
            .bytes
            .get(self.at)
            .is_some_and(|byte| !is_space(*byte) && !is_delimiter(*byte))
        {
            self.at += 1;
        }
        if self.at == start {
            self.at += 1;
        }
        &self.bytes[start..self.at.min(self.bytes.len())]
    }

    fn number(&mut self) -> Operand {
        let word = self.word();
        let text = std::str::from_utf8(word).unwrap_or("");
        // `--5` and `1-2` are written by broken programs; what other readers do is read the start.
        let text = text.trim_start_matches('-');
        let sign = if word.first() == Some(&b'-') {
            -1.0
        } else {
            1.0
        };
        let digits = text.split('-').next().unwrap_or("");
        match digits.parse::<f32>() {
            Ok(value) if value.is_finite() => Operand::Number(sign * value),
            _ => Operand::Number(0.0),
        }
    }

    fn operand(&mut self, depth: usize) -> Operand {
        let Some(&byte) = self.bytes.get(self.at) else {
            return Operand::Other;
        };
        match byte {
            b'(' => Operand::String(self.string()),
            b'/' => {
                self.at += 1;
                let start = self.at;
                while self
                    .bytes
                    .get(self.at)
                    .is_some_and(|byte| !is_space(*byte) && !is_delimiter(*byte))
                {
                    self.at += 1;
                }
                Operand::Name(unescaped(&self.bytes[start..self.at]))
            }
            b'<' if self.bytes.get(self.at + 1) == Some(&b'<') => {
                self.at += 2;
                Operand::Dictionary(self.parts(b'>', depth))
            }
            b'<' => Operand::String(self.hex()),
            b'[' => {
                self.at += 1;
                Operand::Array(self.parts(b']', depth))
            }
            b'+' | b'-' | b'.' | b'0'..=b'9' => self.number(),
            _ => {
                self.word();
                Operand::Other
            }
        }
    }

    fn parts(&mut self, end: u8, depth: usize) -> Vec<Operand> {
        let mut parts = Vec::new();
        loop {
            self.skip_space();
            match self.bytes.get(self.at) {
                None => return parts,
                Some(byte) if *byte == end => {
                    self.at += if end == b'>' { 2 } else { 1 };
                    return parts;
                }
                Some(b'[' | b'<') if depth >= MAX_DEPTH => self.at += 1,
                Some(b')' | b'>' | b']' | b'{' | b'}') => self.at += 1,
                Some(_) => {
                    let part = self.operand(depth + 1);
                    if parts.len() < MAX_PARTS {
                        parts.push(part);
                    }
                }
            }
        }
    }

    fn string(&mut self) -> Vec<u8> {
        self.at += 1;
        let mut text = Vec::new();
        let mut open = 1;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'(' => open += 1,
                b')' => {
                    open -= 1;
                    if open == 0 {
                        return text;
                    }
                }
                b'\\' => {
                    self.escape(&mut text);
                    continue;
                }
                _ => {}
            }
            text.push(byte);
        }
        text
    }

    fn escape(&mut self, text: &mut Vec<u8>) {
        let Some(&byte) = self.bytes.get(self.at) else {
            return;
        };
        self.at += 1;
        match byte {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' => text.push(8),
            b'f' => text.push(12),
            b'\r' => {
                if self.bytes.get(self.at) == Some(&b'\n') {
                    self.at += 1;
                }
            }
            b'\n' => {}
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                for _ in 0..2 {
                    match self.bytes.get(self.at) {
                        Some(digit @ b'0'..=b'7') => {
                            value = value * 8 + u32::from(digit - b'0');
                            self.at += 1;
                        }
                        _ => break,
                    }
                }
                text.push(u8::try_from(value & 0xFF).unwrap_or(0));
            }
            other => text.push(other),
        }
    }

    fn hex(&mut self) -> Vec<u8> {
        self.at += 1;
        let mut digits = Vec::new();
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            if byte == b'>' {
                break;
            }
            digits.extend(char::from(byte).to_digit(16));
        }
        if digits.len() % 2 == 1 {
            digits.push(0);
        }
        digits
            .chunks(2)
            .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap_or(0))
            .collect()
    }

    /// Passes over an image that stands in the content.
    pub(super) fn skip_image(&mut self) {
        while let Some(window) = self.bytes.get(self.at..self.at + 2) {
            let before = self.at == 0 || is_space(self.bytes[self.at - 1]);
            let after = self
                .bytes
                .get(self.at + 2)
                .is_none_or(|byte| is_space(*byte));
            self.at += 1;
            if window == b"EI" && before && after {
                self.at += 1;
                return;
            }
        }
        self.at = self.bytes.len();
    }
}

/// A name with its `#20` written out.
fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(name.len());
    let mut at = 0;
    while let Some(&byte) = name.get(at) {
        let digit = |offset: usize| {
            name.get(at + offset)
                .and_then(|digit| char::from(*digit).to_digit(16))
        };
        if byte == b'#'
            && let (Some(high), Some(low)) = (digit(1), digit(2))
        {
            text.push(u8::try_from(high * 16 + low).unwrap_or(b'#'));
            at += 3;
        } else {
            text.push(byte);
            at += 1;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operands(content: &[u8]) -> Vec<Operand> {
        let mut lexer = Lexer::new(content);
        let mut operands = Vec::new();
        while let Some(token) = lexer.next() {
            if let Token::Operand(operand) = token {
                operands.push(operand);
            }
        }
        operands
    }

    #[test]
    fn operands_are_read() {
        assert_eq!(
            operands(b"-.5 --3 (a\\(b\\)\\101\\n) <41 4> /A#20B [1 (x) Tc 2] true"),
            [
                Operand::Number(-0.5),
                Operand::Number(-3.0),
                Operand::String(b"a(b)A\n".to_vec()),
                Operand::String(b"A@".to_vec()),
                Operand::Name(b"A B".to_vec()),
                Operand::Array(vec![
                    Operand::Number(1.0),
                    Operand::String(b"x".to_vec()),
                    Operand::Other,
                    Operand::Number(2.0),
                ]),
                Operand::Other,
            ]
        );
    }

    #[test]
    fn brackets_without_end_do_not_deepen_the_stack() {
        assert_eq!(operands(&b"[".repeat(2_000_000)).len(), 1);
        assert_eq!(operands(&b"<<".repeat(1_000_000)).len(), 1);
        assert_eq!(operands(&b"(".repeat(1_000_000)).len(), 1);
    }

    #[test]
    fn an_image_in_the_content_is_passed_over() {
        let mut lexer = Lexer::new(b"/W 1 ID \x00EI\xFF EI Q");
        lexer.skip_image();
        assert!(matches!(lexer.next(), Some(Token::Operator(b"Q"))));
    }
}
