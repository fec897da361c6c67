//! Where weights are read from: a GGUF file, or published safetensors.
//!
//! Opening looks at every tensor that the shape asks for, by name, kind, sizes and place, and
//! names the first that is wrong; nothing is read before all of them are right. Tensors are
//! read one at a time, so that packing them takes no second copy of a model.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::BufReader;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use candle_core::quantized::{GgmlDType, gguf_file};
use safetensors::tensor::Metadata;
use serde::Deserialize;

use super::super::ModelError;
use super::blocks::{Block, Format};
use super::header::{LARGEST_HEADER, check_header};
use super::made_up::Patterns;
use super::shape::{Pairs, Shape};

/// A part of a model that has weights of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Embedding,
    OutputNorm,
    Output,
    AttentionNorm,
    Query,
    Key,
    Value,
    AttentionOutput,
    FeedNorm,
    Router,
    Gate,
    Up,
    Down,
}

/// Parts of a layer that are not those of an expert.
pub(super) const LAYER_PARTS: [Part; 6] = [
    Part::AttentionNorm,
    Part::Query,
    Part::Key,
    Part::Value,
    Part::AttentionOutput,
    Part::FeedNorm,
];

/// Parts of a feed-forward network, or of each expert.
pub(super) const FEED_PARTS: [Part; 3] = [Part::Gate, Part::Up, Part::Down];

/// A matrix in a file, or the slice of one that is an expert's.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) kind: GgmlDType,
    pub(super) rows: usize,
    pub(super) columns: usize,
    file: usize,
    offset: u64,
    pub(super) bytes: usize,
}

/// A tensor as a file describes it; rows first.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) kind: Result<GgmlDType, String>,
    pub(super) sizes: Vec<usize>,
    pub(super) file: usize,
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

/// An opened model.
#[derive(Debug)]
pub(crate) struct Source {
    shape: Shape,
    files: Vec<(PathBuf, File)>,
    tensors: HashMap<String, Described>,
    gguf: bool,
    metadata: HashMap<String, gguf_file::Value>,
    /// What weights are made of where there are no files.
    patterns: Option<Patterns>,
}

#[derive(Deserialize)]
struct Index {
    weight_map: HashMap<String, String>,
}

impl Source {
    /// Opens the GGUF file at `path`, or the folder with one, or with `config.json` and
    /// safetensors.
    ///
    /// # Errors
    /// When it is not there, or not a whole model that can be run; the error names file,
    /// tensor and numbers.
    pub(crate) fn open(path: &Path) -> Result<Self, ModelError> {
        if path.is_file() {
            return Self::open_gguf(path);
        }
        if path.join("config.json").is_file() {
            return Self::open_published(path);
        }
        let files = gguf_files(path)?;
        match files.as_slice() {
            [file] => Self::open_gguf(file),
            [] => Err(ModelError::Missing {
                file: path.join("config.json"),
            }),
            several => Err(ModelError::unsupported(
                path,
                format!("it holds {} GGUF files; name one of them", several.len()),
            )),
        }
    }

    fn open_gguf(path: &Path) -> Result<Self, ModelError> {
        let file = File::open(path).map_err(ModelError::io(path))?;
        let length = file.metadata().map_err(ModelError::io(path))?.len();
        let mut reader = BufReader::new(&file);
        check_header(path, &mut reader, length)?;
        let content = gguf_file::Content::read(&mut reader)
            .map_err(|error| ModelError::corrupt(path, first_line(&error.to_string())))?;
        if let Some(gguf_file::Value::U16(parts)) = content.metadata.get("split.count")
            && *parts > 1
        {
            return Err(ModelError::unsupported(
                path,
                format!("it is one of {parts} parts; `llama-gguf-split --merge` joins them"),
            ));
        }
        let mut shape = Shape::of_gguf(&content.metadata)
            .map_err(|reason| ModelError::unsupported(path, reason))?;
        let mut tensors = HashMap::new();
        for (name, info) in &content.tensor_infos {
            let described = describe_gguf(info, content.tensor_data_offset).ok_or_else(|| {
                ModelError::corrupt(
                    path,
                    format!(
                        "{name} has the sizes {:?} from byte {} on, more than a file can hold",
                        info.shape.dims(),
                        info.offset
                    ),
                )
            })?;
            tensors.insert(name.clone(), described);
        }
        // Old files say nothing of the vocabulary but hold it.
        if let Some(table) = tensors.get("token_embd.weight") {
            shape.vocabulary = table.sizes.first().copied().unwrap_or(shape.vocabulary);
        }
        let mut source = Self {
            shape,
            files: vec![(path.to_owned(), file)],
            tensors,
            gguf: true,
            metadata: content.metadata,
            patterns: None,
        };
        source.read_factors(length)?;
        // Vocabulary and factors are those of the tensors by now.
        source
            .shape
            .check()
            .map_err(|reason| ModelError::unsupported(path, reason))?;
        source.check(&[length])?;
        Ok(source)
    }

    /// Llama 3 keeps the factors of its frequencies in a tensor.
    fn read_factors(&mut self, length: u64) -> Result<(), ModelError> {
        let name = "rope_freqs.weight";
        let Some(described) = self.tensors.get(name) else {
            return Ok(());
        };
        let (path, file) = &self.files[described.file];
        let head = self.shape.head;
        if described.kind != Ok(GgmlDType::F32) || described.sizes != [head / 2] {
            return Err(ModelError::corrupt(
                path,
                format!(
                    "{name} has the sizes {:?}, not [{}], or is not of floats",
                    described.sizes,
                    head / 2
                ),
            ));
        }
        check_end(
            path,
            name,
            described.offset.saturating_add(described.bytes),
            length,
        )?;
        let mut bytes = vec![0; head / 2 * 4];
        file.read_exact_at(&mut bytes, described.offset)
            .map_err(ModelError::io(path))?;
        self.shape.rope.factors = Some(floats_of(GgmlDType::F32, &bytes));
        Ok(())
    }

    fn open_published(folder: &Path) -> Result<Self, ModelError> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).map_err(|source| match source.kind() {
                std::io::ErrorKind::NotFound => ModelError::Missing { file: path },
                _ => ModelError::Io { path, source },
            })
        };
        let shape = Shape::of_config(&read("config.json")?)
            .map_err(|reason| ModelError::unsupported(folder.join("config.json"), reason))?;
        let index_name = "model.safetensors.index.json";
        let names: Vec<String> = if folder.join(index_name).is_file() {
            let index: Index = serde_json::from_slice(&read(index_name)?)
                .map_err(|error| ModelError::corrupt(folder.join(index_name), error))?;
            let mut names: Vec<String> = index.weight_map.into_values().collect();
            names.sort_unstable();
            names.dedup();
            names
        } else {
            vec!["model.safetensors".to_owned()]
        };
        let mut files = Vec::new();
        let mut lengths = Vec::new();
        let mut tensors = HashMap::new();
        for name in names {
            // A name from the index stays within the folder.
            if name.contains(['/', '\\']) || !name.ends_with(".safetensors") {
                return Err(ModelError::corrupt(
                    folder.join(index_name),
                    format!("it names `{name}`, which is no file of safetensors"),
                ));
            }
            let path = folder.join(name);
            let file = File::open(&path).map_err(|source| match source.kind() {
                std::io::ErrorKind::NotFound => ModelError::Missing { file: path.clone() },
                _ => ModelError::Io {
                    path: path.clone(),
                    source,
                },
            })?;
            lengths.push(file.metadata().map_err(ModelError::io(&path))?.len());
            describe_safetensors(&path, &file, files.len(), &mut tensors)?;
            files.push((path, file));
        }
        let source = Self {
            shape,
            files,
            tensors,
            gguf: false,
            metadata: HashMap::new(),
            patterns: None,
        };
        source.check(&lengths)?;
        Ok(source)
    }

    /// A model that is called `name` and holds nothing yet.
    pub(super) fn empty(shape: Shape, name: PathBuf, file: File) -> Self {
        Self {
            shape,
            files: vec![(name, file)],
            tensors: HashMap::new(),
            gguf: false,
            metadata: HashMap::new(),
            patterns: None,
        }
    }

    /// Takes up the tensor of a part.
    pub(super) fn hold(
        &mut self,
        part: Part,
        layer: usize,
        expert: Option<usize>,
        described: Described,
    ) {
        self.tensors
            .insert(self.name(part, layer, expert), described);
    }

    /// Makes weights of `patterns` instead of reading files.
    pub(super) fn make_up(&mut self, patterns: Patterns) {
        self.patterns = Some(patterns);
    }

    /// Looks at every tensor that the shape asks for.
    fn check(&self, lengths: &[u64]) -> Result<(), ModelError> {
        let biases = self.tensors.keys().filter(|name| name.ends_with("bias"));
        if let Some(name) = biases.min() {
            let reason = format!("it holds {name}, and biases are not supported");
            return Err(ModelError::unsupported(self.path(), reason));
        }
        let places = self.places()?;
        for place in &places {
            let end = place.offset.saturating_add(place.bytes as u64);
            let path = &self.files[place.file].0;
            check_end(path, &place.name, end, lengths[place.file])?;
        }
        // What is left over would change what the model writes. Frequencies are computed, or were
        // read with the shape.
        let used: HashSet<&str> = places.iter().map(|place| place.name.as_str()).collect();
        let is_left = |name: &&String| {
            !used.contains(name.as_str())
                && *name != "rope_freqs.weight"
                && !name.ends_with("rotary_emb.inv_freq")
        };
        if let Some(name) = self.tensors.keys().filter(is_left).min() {
            let reason = format!("it holds {name}, which is no part of models of its kind");
            return Err(ModelError::unsupported(self.path(), reason));
        }
        Ok(())
    }

    /// Every matrix of the model.
    ///
    /// # Errors
    /// When one is missing or not as it should be.
    pub(super) fn places(&self) -> Result<Vec<Place>, ModelError> {
        let mut places = vec![
            self.place(Part::Embedding, 0, None)?,
            self.place(Part::OutputNorm, 0, None)?,
            self.output()?,
        ];
        for layer in 0..self.shape.layers {
            places.extend(self.layer_places(layer)?);
        }
        Ok(places)
    }

    /// Every matrix of a layer.
    pub(super) fn layer_places(&self, layer: usize) -> Result<Vec<Place>, ModelError> {
        let mut places = Vec::new();
        for part in LAYER_PARTS {
            places.push(self.place(part, layer, None)?);
        }
        match self.shape.experts {
            Some((experts, _)) => {
                places.push(self.place(Part::Router, layer, None)?);
                for expert in 0..experts {
                    for part in FEED_PARTS {
                        places.push(self.place(part, layer, Some(expert))?);
                    }
                }
            }
            None => {
                for part in FEED_PARTS {
                    places.push(self.place(part, layer, None)?);
                }
            }
        }
        Ok(places)
    }

    /// The matrix from the last hidden values to tokens: its own, or that of the embedding.
    pub(super) fn output(&self) -> Result<Place, ModelError> {
        match self.place(Part::Output, 0, None) {
            Err(ModelError::Corrupt { .. }) if !self.has_output() => {
                self.place(Part::Embedding, 0, None)
            }
            place => place,
        }
    }

    fn has_output(&self) -> bool {
        self.tensors.contains_key(&self.name(Part::Output, 0, None))
    }

    /// The matrix of `part`.
    ///
    /// # Errors
    /// When it is missing or not as it should be.
    pub(super) fn place(
        &self,
        part: Part,
        layer: usize,
        expert: Option<usize>,
    ) -> Result<Place, ModelError> {
        let (rows, columns) = self.sizes(part);
        if let Some(expert) = expert.filter(|_| self.gguf) {
            let (experts, _) = self.shape.experts.unwrap_or((1, 1));
            let name = format!("blk.{layer}.{}_exps.weight", gguf_name(part));
            if self.tensors.contains_key(&name) {
                let mut place = self.describe(name, &[experts, rows, columns])?;
                place.bytes /= experts;
                place.offset += (expert * place.bytes) as u64;
                place.rows = rows;
                place.columns = columns;
                return Ok(place);
            }
        }
        let name = self.name(part, layer, expert);
        let sizes = [rows, columns];
        let vector = [columns];
        let sizes = if rows == 1 { &vector[..] } else { &sizes[..] };
        self.describe(name, sizes)
    }

    fn describe(&self, name: String, sizes: &[usize]) -> Result<Place, ModelError> {
        let Some(tensor) = self.tensors.get(&name) else {
            return Err(ModelError::corrupt(
                self.path(),
                format!("it holds no {name}"),
            ));
        };
        let path = &self.files[tensor.file].0;
        let kind = match &tensor.kind {
            Ok(kind) => *kind,
            Err(kind) => {
                let reason = format!("{name} has weights of kind {kind}");
                return Err(ModelError::unsupported(path, reason));
            }
        };
        if tensor.sizes != sizes {
            return Err(ModelError::corrupt(
                path,
                format!("{name} has the sizes {:?}, not {sizes:?}", tensor.sizes),
            ));
        }
        let columns = sizes.last().copied().unwrap_or(1);
        if !columns.is_multiple_of(kind.block_size()) {
            return Err(ModelError::corrupt(
                path,
                format!(
                    "{name} has rows of {columns} weights, not whole blocks of {} ({kind:?})",
                    kind.block_size()
                ),
            ));
        }
        if Format::of(kind).is_none()
            && !matches!(kind, GgmlDType::F32 | GgmlDType::F16 | GgmlDType::BF16)
        {
            let reason = format!("{name} has weights of kind {kind:?}");
            return Err(ModelError::unsupported(path, reason));
        }
        Ok(Place {
            name,
            kind,
            rows: sizes[..sizes.len() - 1].iter().product(),
            columns,
            file: tensor.file,
            offset: tensor.offset,
            bytes: usize::try_from(tensor.bytes)
                .map_err(|error| ModelError::corrupt(path, error))?,
        })
    }

    /// Rows and columns of a part; a vector has one row.
    pub(super) fn sizes(&self, part: Part) -> (usize, usize) {
        let shape = &self.shape;
        match part {
            Part::Embedding | Part::Output => (shape.vocabulary, shape.hidden),
            Part::OutputNorm | Part::AttentionNorm | Part::FeedNorm => (1, shape.hidden),
            Part::Query => (shape.queries(), shape.hidden),
            Part::Key | Part::Value => (shape.keys(), shape.hidden),
            Part::AttentionOutput => (shape.hidden, shape.queries()),
            Part::Router => (
                shape.experts.map_or(1, |(experts, _)| experts),
                shape.hidden,
            ),
            Part::Gate | Part::Up => (shape.feed, shape.hidden),
            Part::Down => (shape.hidden, shape.feed),
        }
    }

    fn name(&self, part: Part, layer: usize, expert: Option<usize>) -> String {
        if self.gguf {
            let name = gguf_name(part);
            return match (part, expert) {
                (Part::Embedding | Part::OutputNorm | Part::Output, _) => format!("{name}.weight"),
                (_, Some(expert)) => format!("blk.{layer}.{name}.{expert}.weight"),
                (_, None) => format!("blk.{layer}.{name}.weight"),
            };
        }
        let name = match part {
            Part::Embedding => return "model.embed_tokens.weight".to_owned(),
            Part::OutputNorm => return "model.norm.weight".to_owned(),
            Part::Output => return "lm_head.weight".to_owned(),
            _ => published_name(part, expert),
        };
        format!("model.layers.{layer}.{name}.weight")
    }

    /// The bytes of a matrix as the file holds them.
    ///
    /// # Errors
    /// When the file cannot be read any more.
    pub(super) fn read(&self, place: &Place) -> Result<Vec<u8>, ModelError> {
        if let Some(patterns) = &self.patterns {
            return Ok(patterns.read(place.kind, place.offset, place.bytes));
        }
        let (path, file) = &self.files[place.file];
        let mut bytes = vec![0; place.bytes];
        file.read_exact_at(&mut bytes, place.offset)
            .map_err(ModelError::io(path))?;
        Ok(bytes)
    }

    /// A matrix as floats.
    ///
    /// # Errors
    /// As [`Source::read`].
    pub(super) fn floats(&self, place: &Place) -> Result<Vec<f32>, ModelError> {
        Ok(floats_of(place.kind, &self.read(place)?))
    }

    /// One row of a matrix as floats.
    ///
    /// # Errors
    /// As [`Source::read`].
    pub(super) fn row(&self, place: &Place, row: usize) -> Result<Vec<f32>, ModelError> {
        let bytes = place.bytes / place.rows;
        self.floats(&Place {
            rows: 1,
            offset: place.offset + (row * bytes) as u64,
            bytes,
            ..place.clone()
        })
    }

    /// The shape.
    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The metadata of a GGUF file, its tokenizer and template among them; empty otherwise, and
    /// once it is dropped.
    pub(crate) fn metadata(&self) -> &HashMap<String, gguf_file::Value> {
        &self.metadata
    }

    /// Drops the metadata: a vocabulary in it takes tens of megabytes, and running a model asks
    /// for none of it.
    pub(super) fn drop_metadata(&mut self) {
        self.metadata = HashMap::new();
    }

    /// Whether it is a GGUF file.
    pub(crate) fn is_gguf(&self) -> bool {
        self.gguf
    }

    /// The file, or the first of them.
    pub(crate) fn path(&self) -> &Path {
        &self.files[0].0
    }

    /// Where row `row` of a published projection stands in this model: GGUF files have the two
    /// values that are turned together side by side.
    pub(super) fn row_of_published(&self, part: Part, row: usize) -> usize {
        let turned = matches!(part, Part::Query | Part::Key);
        if !turned || self.shape.rope.pairs == Pairs::Halves {
            return row;
        }
        let (head, at) = (row / self.shape.head, row % self.shape.head);
        let half = self.shape.head / 2;
        head * self.shape.head + 2 * (at % half) + at / half
    }
}

/// The name of a part in GGUF files.
fn gguf_name(part: Part) -> &'static str {
    match part {
        Part::Embedding => "token_embd",
        Part::OutputNorm => "output_norm",
        Part::Output => "output",
        Part::AttentionNorm => "attn_norm",
        Part::Query => "attn_q",
        Part::Key => "attn_k",
        Part::Value => "attn_v",
        Part::AttentionOutput => "attn_output",
        Part::FeedNorm => "ffn_norm",
        Part::Router => "ffn_gate_inp",
        Part::Gate => "ffn_gate",
        Part::Up => "ffn_up",
        Part::Down => "ffn_down",
    }
}

/// The name of a part within its layer in published weights.
pub(super) fn published_name(part: Part, expert: Option<usize>) -> String {
    let name = match part {
        Part::Embedding | Part::OutputNorm | Part::Output => unreachable!("these have no layer"),
        Part::AttentionNorm => "input_layernorm",
        Part::Query => "self_attn.q_proj",
        Part::Key => "self_attn.k_proj",
        Part::Value => "self_attn.v_proj",
        Part::AttentionOutput => "self_attn.o_proj",
        Part::FeedNorm => "post_attention_layernorm",
        Part::Router => "block_sparse_moe.gate",
        Part::Gate | Part::Up | Part::Down => {
            let (of_expert, own) = match part {
                Part::Gate => ("w1", "gate_proj"),
                Part::Up => ("w3", "up_proj"),
                _ => ("w2", "down_proj"),
            };
            return match expert {
                Some(expert) => format!("block_sparse_moe.experts.{expert}.{of_expert}"),
                None => format!("mlp.{own}"),
            };
        }
    };
    name.to_owned()
}

fn gguf_files(folder: &Path) -> Result<Vec<PathBuf>, ModelError> {
    let entries = std::fs::read_dir(folder).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => ModelError::Missing {
            file: folder.to_owned(),
        },
        _ => ModelError::Io {
            path: folder.to_owned(),
            source,
        },
    })?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "gguf"))
        .collect();
    files.sort_unstable();
    Ok(files)
}

/// Candle adds backtraces to some of its messages.
fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or(message)
}

/// Refuses a tensor that goes on where its file has ended.
fn check_end(path: &Path, name: &str, end: u64, length: u64) -> Result<(), ModelError> {
    if end <= length {
        return Ok(());
    }
    Err(ModelError::corrupt(
        path,
        format!("{name} ends at byte {end}, and the file has {length}: it is truncated"),
    ))
}

/// A tensor of a GGUF file whose weights begin at `start`; none if no file can hold it.
fn describe_gguf(info: &gguf_file::TensorInfo, start: u64) -> Option<Described> {
    let kind = info.ggml_dtype;
    let sizes = info.shape.dims().to_vec();
    let values = sizes
        .iter()
        .try_fold(1_usize, |values, size| values.checked_mul(*size))?;
    let bytes = (values / kind.block_size()).checked_mul(kind.type_size())? as u64;
    let offset = start.checked_add(info.offset)?;
    offset.checked_add(bytes)?;
    Some(Described {
        kind: Ok(kind),
        sizes,
        file: 0,
        offset,
        bytes,
    })
}

fn describe_safetensors(
    path: &Path,
    file: &File,
    number: usize,
    tensors: &mut HashMap<String, Described>,
) -> Result<(), ModelError> {
    let mut length = [0; 8];
    file.read_exact_at(&mut length, 0)
        .map_err(|_| ModelError::corrupt(path, "it ends before its header"))?;
    let length = u64::from_le_bytes(length);
    if length > LARGEST_HEADER {
        return Err(ModelError::corrupt(
            path,
            format!("its header has {length} bytes, over {LARGEST_HEADER}"),
        ));
    }
    let weights = 8 + length;
    let mut header = vec![0; usize::try_from(length).unwrap_or_default()];
    file.read_exact_at(&mut header, 8).map_err(|_| {
        ModelError::corrupt(path, format!("it ends within its header of {length} bytes"))
    })?;
    let metadata: Metadata =
        serde_json::from_slice(&header).map_err(|error| ModelError::corrupt(path, error))?;
    for (name, info) in metadata.tensors() {
        let kind = match info.dtype {
            safetensors::Dtype::F32 => Ok(GgmlDType::F32),
            safetensors::Dtype::F16 => Ok(GgmlDType::F16),
            safetensors::Dtype::BF16 => Ok(GgmlDType::BF16),
            other => Err(format!("{other:?}")),
        };
        let (start, end) = info.data_offsets;
        if weights.checked_add(end as u64).is_none() {
            return Err(ModelError::corrupt(
                path,
                format!("{name} ends at byte {end} of its weights, more than a file can hold"),
            ));
        }
        let described = Described {
            kind,
            sizes: info.shape.clone(),
            file: number,
            offset: weights + start as u64,
            bytes: (end - start) as u64,
        };
        tensors.insert(name, described);
    }
    Ok(())
}

/// Weights of `kind` as floats.
pub(super) fn floats_of(kind: GgmlDType, bytes: &[u8]) -> Vec<f32> {
    let half = |pair: &[u8]| u16::from_le_bytes([pair[0], pair[1]]);
    match kind {
        GgmlDType::F32 => bytes
            .chunks_exact(4)
            .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
            .collect(),
        GgmlDType::F16 => bytes
            .chunks_exact(2)
            .map(|pair| half::f16::from_bits(half(pair)).to_f32())
            .collect(),
        GgmlDType::BF16 => bytes
            .chunks_exact(2)
            .map(|pair| half::bf16::from_bits(half(pair)).to_f32())
            .collect(),
        kind => {
            let format = Format::of(kind).expect("kinds are looked at when a file is opened");
            let mut values = vec![0.0; bytes.len() / format.block_bytes * format.block];
            let mut block = Block::EMPTY;
            for (bytes, values) in bytes
                .chunks_exact(format.block_bytes)
                .zip(values.chunks_exact_mut(format.block))
            {
                block.read(kind, bytes);
                block.weights(&format, values);
            }
            values
        }
    }
}
