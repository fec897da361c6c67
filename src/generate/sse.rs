//! Server-sent events from bytes, however they are cut.

/// A line may have this many bytes: a server that sends more sends no events.
const LINE_LIMIT: usize = 1 << 20;

/// What a server sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// The data of an event, its lines joined.
    Data(String),
    /// A line `error: ...`, as older llama.cpp servers report a failure.
    Error(String),
}

/// Takes bytes as they arrive and gives events as they are complete.
#[derive(Debug, Default)]
pub(super) struct EventReader {
    line: Vec<u8>,
    data: Option<String>,
    /// The last line ended with a carriage return, whose line feed may come yet.
    after_return: bool,
    began: bool,
}

impl EventReader {
    /// The events that `bytes` complete.
    ///
    /// # Errors
    /// When a line is not UTF-8 or has no end.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Sent>, String> {
        let mut events = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' if self.after_return => self.after_return = false,
                b'\n' | b'\r' => {
                    self.after_return = *byte == b'\r';
                    events.extend(self.end_line()?);
                }
                _ => {
                    self.after_return = false;
                    if self.line.len() >= LINE_LIMIT {
                        return Err(format!("a line of over {LINE_LIMIT} bytes"));
                    }
                    self.line.push(*byte);
                }
            }
        }
        Ok(events)
    }

    /// What is left when the connection ends: servers forget the empty line after the last event.
    ///
    /// # Errors
    /// When the last line is not UTF-8.
    pub(super) fn finish(mut self) -> Result<Vec<Sent>, String> {
        let mut events = Vec::new();
        if !self.line.is_empty() {
            events.extend(self.end_line()?);
        }
        events.extend(self.data.take().map(Sent::Data));
        Ok(events)
    }

    fn end_line(&mut self) -> Result<Option<Sent>, String> {
        let bytes = std::mem::take(&mut self.line);
        let line = String::from_utf8(bytes).map_err(|_| "bytes that are no UTF-8".to_owned())?;
        let line = match line.strip_prefix('\u{FEFF}') {
            Some(rest) if !self.began => rest,
            _ => &line,
        };
        self.began = true;
        if line.is_empty() {
            return Ok(self.data.take().map(Sent::Data));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if let Some(data) = &mut self.data {
                    data.push('\n');
                    data.push_str(value);
                } else {
                    self.data = Some(value.to_owned());
                }
                Ok(None)
            }
            "error" => Ok(Some(Sent::Error(value.to_owned()))),
            // Comments, names and ids of events say nothing of the draft.
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<Sent> {
        let mut reader = EventReader::default();
        let mut events: Vec<Sent> = pieces
            .iter()
            .flat_map(|piece| reader.push(piece).unwrap())
            .collect();
        events.extend(reader.finish().unwrap());
        events
    }

    fn data(texts: &[&str]) -> Vec<Sent> {
        texts
            .iter()
            .map(|text| Sent::Data((*text).to_owned()))
            .collect()
    }

    const STREAM: &str = "\u{FEFF}: hello\r\n\r\nevent: delta\r\ndata: {\"a\":\r\ndata:  \"연차 🎉\"}\r\rid: 3\n\ndata:x\n\nerror: gone\nretry: 5\ndata: [DONE]";

    #[test]
    fn events_are_read_as_the_standard_says() {
        let expected = [
            data(&["{\"a\":\n \"연차 🎉\"}", "x"]),
            vec![Sent::Error("gone".to_owned())],
            data(&["[DONE]"]),
        ]
        .concat();
        assert_eq!(read(&[STREAM.as_bytes()]), expected);
    }

    #[test]
    fn what_is_no_text_or_has_no_end_is_an_error() {
        let mut reader = EventReader::default();
        assert!(reader.push(b"data: \xFF\n").unwrap_err().contains("UTF-8"));
        let mut reader = EventReader::default();
        let long = vec![b'a'; LINE_LIMIT + 1];
        assert!(reader.push(&long).unwrap_err().contains("1048576"));
    }

    proptest! {
        #[test]
        fn events_are_the_same_however_bytes_are_cut(cuts in prop::collection::vec(1..7_usize, 0..80)) {
            let bytes = STREAM.as_bytes();
            let mut pieces = Vec::new();
            let mut rest = bytes;
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            pieces.push(rest);
            prop_assert_eq!(read(&pieces), read(&[bytes]));
        }
    }
}
