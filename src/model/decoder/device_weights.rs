//! Weights on an accelerator, and the products with them.
//!
//! Quantized weights stay as the file has them, floats become what the device multiplies. Every
//! kind of product is tried on the device as a model is read, against the processor's: candle
//! compiles some of its kernels for one generation of accelerators, and on another they leave
//! what stood in memory and report nothing.

use std::collections::HashMap;
use std::ops::Range;

use candle_core::quantized::{GgmlDType, QMatMul, QStorage, QTensor};
use candle_core::{D, DType, Device, Module as _, Result as CandleResult, Shape, Tensor};
use candle_nn::{moe, ops};

use super::super::ModelError;
use super::source::{Part, Place, Source, floats_of};
use super::stage::device_failed;

/// How weights are kept on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// As GGUF's blocks.
    Blocks(GgmlDType),
    /// As floats.
    Floats(DType),
}

impl Kept {
    /// How the matrix at `place`, of an expert or not, is kept.
    pub(super) fn of(place: &Place, expert: bool, cuda: bool) -> Self {
        match place.kind {
            // candle's processor device multiplies no `bf16`.
            GgmlDType::F32 | GgmlDType::F16 | GgmlDType::BF16 if !cuda => Self::Floats(DType::F32),
            GgmlDType::F16 => Self::Floats(DType::F16),
            // The fused product takes half floats only.
            GgmlDType::F32 if !expert => Self::Floats(DType::F32),
            GgmlDType::F32 | GgmlDType::BF16 => Self::Floats(DType::BF16),
            kind if expert && cuda && !has_fused_product(kind) => Self::Blocks(GgmlDType::Q8_0),
            kind => Self::Blocks(kind),
        }
    }

    /// Bytes of the matrix at `place`.
    pub(super) fn bytes(self, place: &Place) -> usize {
        let values = place.rows * place.columns;
        match self {
            Self::Blocks(kind) => values / kind.block_size() * kind.type_size(),
            Self::Floats(kind) => values * kind.size_in_bytes(),
        }
    }
}

/// Whether candle has a fused product with experts whose weights are of this kind.
fn has_fused_product(kind: GgmlDType) -> bool {
    matches!(
        kind,
        GgmlDType::Q8_0
            | GgmlDType::Q2K
            | GgmlDType::Q3K
            | GgmlDType::Q4K
            | GgmlDType::Q5K
            | GgmlDType::Q6K
    )
}

/// A matrix with a row for each output.
#[derive(Debug)]
pub(super) enum Weights {
    Blocks(QMatMul),
    Floats(Tensor),
}

impl Weights {
    /// The products of `inputs` with all rows, as the kind of float that it takes.
    pub(super) fn forward(&self, inputs: &Tensor) -> CandleResult<Tensor> {
        let inputs = inputs.to_dtype(self.takes())?;
        match self {
            Self::Blocks(weights) => weights.forward(&inputs.contiguous()?),
            Self::Floats(weights) => inputs.matmul(&weights.t()?),
        }
    }

    /// The kind of float that inputs are multiplied as.
    pub(super) fn takes(&self) -> DType {
        match self {
            Self::Blocks(_) => DType::F32,
            Self::Floats(weights) => weights.dtype(),
        }
    }
}

/// The matrices of all experts of a layer.
#[derive(Debug)]
pub(super) enum Stack {
    /// Each for itself: on the processor.
    Apart(Vec<Weights>),
    /// Half floats, `[experts, rows, columns]`.
    Floats { weights: Tensor, fused: bool },
    /// Blocks, likewise. `step` is what [`step_of_fused_product`] found.
    Blocks { weights: QTensor, step: Option<u32> },
}

impl Stack {
    /// Whether the fused product can be used.
    pub(super) fn is_fused(&self) -> bool {
        match self {
            Self::Apart(_) => false,
            Self::Floats { fused, .. } => *fused,
            Self::Blocks { step, .. } => step.is_some(),
        }
    }

    /// For products with one expert after another.
    pub(super) fn open(&self) -> CandleResult<Opened<'_>> {
        Ok(match self {
            Self::Apart(weights) => Opened::Apart(weights),
            Self::Floats { weights, .. } => Opened::Floats(weights.clone()),
            Self::Blocks { weights, .. } => {
                Opened::Floats(weights.dequantize_f16(&weights.device())?)
            }
        })
    }

    /// The products of each slot's input with its expert, `[rows, used, n]`. Without `shares`
    /// inputs are `[rows, 1, k]`; with them `[rows, used, k]`, and products are multiplied by
    /// them.
    pub(super) fn fused(
        &self,
        inputs: &Tensor,
        choice: &Choice,
        shares: Option<&Tensor>,
    ) -> CandleResult<Tensor> {
        let (rows, per, columns) = inputs.dims3()?;
        let used = choice.experts.dim(1)?;
        match self {
            Self::Apart(_) => candle_core::bail!("this device has no fused product"),
            Self::Floats { weights, .. } => {
                let inputs = inputs
                    .reshape((rows * per, columns))?
                    .to_dtype(weights.dtype())?;
                let (experts, slots) = choice.sorted()?;
                let shares = shares.cloned();
                moe::moe_gemm(&inputs, weights, &shares, &slots, &experts, used, false)?.reshape((
                    rows,
                    used,
                    (),
                ))
            }
            Self::Blocks { weights, step } => {
                let experts = match step {
                    None | Some(1) => choice.experts.clone(),
                    Some(step) => choice.experts.affine(f64::from(*step), 0.0)?,
                };
                let inputs = inputs.to_dtype(DType::F32)?;
                let products = weights.indexed_moe_forward(&inputs, &experts)?;
                match shares {
                    Some(shares) => products.broadcast_mul(&shares.unsqueeze(2)?),
                    None => Ok(products),
                }
            }
        }
    }
}

/// A [`Stack`] for products with one expert after another.
pub(super) enum Opened<'a> {
    Apart(&'a [Weights]),
    Floats(Tensor),
}

impl Opened<'_> {
    /// Products of the rows of `inputs`, which stand expert by expert as `segments` says.
    pub(super) fn forward(
        &self,
        inputs: &Tensor,
        segments: &[(usize, Range<usize>)],
    ) -> CandleResult<Tensor> {
        let products = segments
            .iter()
            .map(|(expert, rows)| {
                let inputs = inputs.narrow(0, rows.start, rows.len())?;
                match self {
                    Self::Apart(weights) => weights[*expert].forward(&inputs),
                    Self::Floats(weights) => {
                        let weights = weights.get(*expert)?;
                        inputs.to_dtype(weights.dtype())?.matmul(&weights.t()?)
                    }
                }
            })
            .collect::<CandleResult<Vec<_>>>()?;
        Tensor::cat(&products, 0)
    }
}

/// The experts that each row is sent to, and their shares, `[rows, used]` on the device.
pub(super) struct Choice {
    pub(super) experts: Tensor,
    pub(super) shares: Tensor,
}

impl Choice {
    /// Those with the highest of `scores`; their shares are the softmax of these scores.
    pub(super) fn of(scores: &Tensor, used: usize) -> CandleResult<Self> {
        let all = ops::softmax_last_dim(&scores.to_dtype(DType::F32)?)?;
        let experts = all
            .arg_sort_last_dim(false)?
            .narrow(D::Minus1, 0, used)?
            .contiguous()?;
        let shares = all.gather(&experts, D::Minus1)?;
        let shares = shares.broadcast_div(&shares.sum_keepdim(D::Minus1)?)?;
        Ok(Self { experts, shares })
    }

    /// Experts in order, and the slot of each.
    fn sorted(&self) -> CandleResult<(Tensor, Tensor)> {
        self.experts.flatten_all()?.sort_last_dim(true)
    }
}

/// Reads weights of a source to a device.
pub(super) struct Loader<'a> {
    pub(super) source: &'a Source,
    pub(super) device: &'a Device,
    /// What was changed about weights, for people.
    pub(super) notes: Vec<String>,
    steps: HashMap<(GgmlDType, usize), Option<u32>>,
    fuses: HashMap<(DType, usize), bool>,
    tried: Vec<(Kept, usize)>,
}

impl<'a> Loader<'a> {
    pub(super) fn new(source: &'a Source, device: &'a Device) -> Self {
        Self {
            source,
            device,
            notes: Vec::new(),
            steps: HashMap::new(),
            fuses: HashMap::new(),
            tried: Vec::new(),
        }
    }

    /// A small matrix as `f32`.
    pub(super) fn small_matrix(&self, place: &Place) -> Result<Tensor, ModelError> {
        let sizes = (place.rows, place.columns);
        let values = self.floats(place)?;
        values.reshape(sizes).map_err(device_failed)
    }

    /// A vector, or a small matrix, as `f32`.
    pub(super) fn floats(&self, place: &Place) -> Result<Tensor, ModelError> {
        let values = self.source.floats(place)?;
        let tensor = if place.rows == 1 {
            Tensor::from_vec(values, place.columns, self.device)
        } else {
            Tensor::from_vec(values, (place.rows, place.columns), self.device)
        };
        tensor.map_err(device_failed)
    }

    /// A matrix that is no expert's.
    pub(super) fn matrix(&mut self, place: &Place) -> Result<Weights, ModelError> {
        self.weights(place, Kept::of(place, false, self.device.is_cuda()))
    }

    fn weights(&mut self, place: &Place, kept: Kept) -> Result<Weights, ModelError> {
        self.try_product(kept, place.columns)?;
        let sizes = (place.rows, place.columns);
        match kept {
            Kept::Blocks(kind) => {
                let bytes = self.source.read(place)?;
                QStorage::from_data(bytes.into(), self.device, kind)
                    .and_then(|blocks| QMatMul::from_qtensor(QTensor::new(blocks, sizes)?))
                    .map(Weights::Blocks)
                    .map_err(device_failed)
            }
            Kept::Floats(kind) => {
                let tensor = self.half_floats(place, kind)?;
                Ok(Weights::Floats(tensor))
            }
        }
    }

    /// The matrix at `place` as floats of `kind`, copied as they are if they are such.
    fn half_floats(&self, place: &Place, kind: DType) -> Result<Tensor, ModelError> {
        let sizes = [place.rows, place.columns];
        let same = matches!(
            (place.kind, kind),
            (GgmlDType::F16, DType::F16) | (GgmlDType::BF16, DType::BF16)
        );
        let bytes = self.source.read(place)?;
        let tensor = if same {
            Tensor::from_raw_buffer(&bytes, kind, &sizes, self.device)
        } else {
            Tensor::from_vec(floats_of(place.kind, &bytes), &sizes[..], &Device::Cpu)
                .and_then(|tensor| tensor.to_dtype(kind)?.to_device(self.device))
        };
        tensor.map_err(device_failed)
    }

    /// The matrices `part` of all experts of a layer.
    ///
    /// # Errors
    /// When one cannot be read, or the device has no room for it.
    pub(super) fn stack(
        &mut self,
        part: Part,
        layer: usize,
        experts: usize,
    ) -> Result<Stack, ModelError> {
        let cuda = self.device.is_cuda();
        let places = (0..experts)
            .map(|expert| self.source.place(part, layer, Some(expert)))
            .collect::<Result<Vec<_>, _>>()?;
        let kept: Vec<Kept> = places
            .iter()
            .map(|place| Kept::of(place, true, cuda))
            .collect();
        if !cuda {
            let weights = places.iter().zip(kept);
            return weights
                .map(|(place, kept)| self.weights(place, kept))
                .collect::<Result<_, _>>()
                .map(Stack::Apart);
        }
        let first = kept[0];
        if let Some(place) = places
            .iter()
            .find(|place| Kept::of(place, true, cuda) != first)
        {
            return Err(ModelError::unsupported(
                self.source.path(),
                format!(
                    "{} is of kind {:?} and {} of kind {:?}; experts of a layer are of one kind",
                    place.name, place.kind, places[0].name, places[0].kind
                ),
            ));
        }
        match first {
            Kept::Floats(kind) => {
                let (rows, columns) = (places[0].rows, places[0].columns);
                let stack = Tensor::zeros((experts, rows, columns), kind, self.device)
                    .map_err(device_failed)?;
                self.try_product(first, columns)?;
                let fused = self.fuses(kind, columns)?;
                if places[0].kind == GgmlDType::F32 {
                    self.note(format!(
                        "experts of kind F32 are kept as {kind:?}: the fused product takes half \
                         floats"
                    ));
                }
                for (expert, place) in places.iter().enumerate() {
                    let weights = self.half_floats(place, kind)?;
                    weights
                        .unsqueeze(0)
                        .and_then(|weights| stack.slice_set(&weights, 0, expert))
                        .map_err(device_failed)?;
                }
                Ok(Stack::Floats {
                    weights: stack,
                    fused,
                })
            }
            Kept::Blocks(kind) => self.stack_of_blocks(&places, kind),
        }
    }

    fn stack_of_blocks(&mut self, places: &[Place], kind: GgmlDType) -> Result<Stack, ModelError> {
        let (rows, columns) = (places[0].rows, places[0].columns);
        let mut bytes = Vec::new();
        for place in places {
            let own = self.source.read(place)?;
            if place.kind == kind {
                bytes.extend(own);
            } else {
                let values = floats_of(place.kind, &own);
                bytes.extend(requantized(&values, kind).map_err(device_failed)?);
            }
        }
        if places[0].kind != kind {
            self.note(format!(
                "experts of kind {:?} are kept as {kind:?}: there is no fused product for them",
                places[0].kind
            ));
        }
        self.try_product(Kept::Floats(DType::F16), columns)?;
        let step = self.step(kind, columns)?;
        let weights = QStorage::from_data(bytes.into(), self.device, kind)
            .and_then(|blocks| QTensor::new(blocks, (places.len(), rows, columns)))
            .map_err(device_failed)?;
        Ok(Stack::Blocks { weights, step })
    }

    /// As [`step_of_fused_product`], which is tried once for weights that are alike.
    fn step(&mut self, kind: GgmlDType, columns: usize) -> Result<Option<u32>, ModelError> {
        if let Some(step) = self.steps.get(&(kind, columns)) {
            return Ok(*step);
        }
        let step = step_of_fused_product(kind, columns, self.device).map_err(device_failed)?;
        if step.is_none() {
            self.note(format!(
                "the fused product with experts of kind {kind:?} gives wrong results on this \
                 device and is not used: decoding is slower"
            ));
        }
        self.steps.insert((kind, columns), step);
        Ok(step)
    }

    /// Looks whether products with weights that are kept so are right on this device.
    fn try_product(&mut self, kept: Kept, columns: usize) -> Result<(), ModelError> {
        if self.tried.contains(&(kept, columns)) {
            return Ok(());
        }
        let is_right = product_is_right(kept, columns, self.device).map_err(device_failed)?;
        if !is_right {
            return Err(ModelError::Accelerator(format!(
                "products with weights kept as {kept:?} are wrong on it: the program was built \
                 for accelerators of another generation (`CUDA_COMPUTE_CAP`)"
            )));
        }
        self.tried.push((kept, columns));
        Ok(())
    }

    /// Whether the fused product with half floats is right, which is tried once for each kind.
    fn fuses(&mut self, kind: DType, columns: usize) -> Result<bool, ModelError> {
        if let Some(fuses) = self.fuses.get(&(kind, columns)) {
            return Ok(*fuses);
        }
        let fuses = fused_floats_are_right(kind, columns, self.device).map_err(device_failed)?;
        if !fuses {
            self.note(format!(
                "the fused product with experts of kind {kind:?} gives wrong results on this \
                 device and is not used: decoding is slower"
            ));
        }
        self.fuses.insert((kind, columns), fuses);
        Ok(fuses)
    }

    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// `values` as the bytes of blocks of `kind`.
fn requantized(values: &[f32], kind: GgmlDType) -> CandleResult<Vec<u8>> {
    let values = Tensor::from_slice(values, values.len(), &Device::Cpu)?;
    Ok(QTensor::quantize(&values, kind)?.data()?.into_owned())
}

/// What an expert's number has to be multiplied by for candle's fused product with rows of
/// `columns` weights of `kind`, or none if no factor makes it right.
///
/// candle 0.11.1 looks for an expert's weights as if all blocks were of 256 weights
/// (`quantized.cu`, `weight_expert_stride_bytes`): with blocks of 32 the eighth part of an
/// expert is taken for a whole, and eight times the number is right. A later version may be
/// right without that, hence the trial. The larger factor is tried only after the smaller was
/// wrong, as it would reach beyond the weights if that was right.
fn step_of_fused_product(
    kind: GgmlDType,
    columns: usize,
    device: &Device,
) -> CandleResult<Option<u32>> {
    let weights = some_values((EXPERTS, ROWS, columns), 1)?;
    let inputs = some_values((1, 1, columns), 2)?;
    let weights = QTensor::quantize(&weights, kind)?;
    let chosen = [2_u32, 1];
    let plain = weights.dequantize(&Device::Cpu)?;
    let expected = chosen
        .iter()
        .map(|expert| {
            plain
                .get(*expert as usize)?
                .matmul(&inputs.flatten_all()?.unsqueeze(1)?)
        })
        .collect::<CandleResult<Vec<_>>>()?;
    let expected: Vec<f32> = Tensor::stack(&expected, 0)?.flatten_all()?.to_vec1()?;
    let blocks = QStorage::from_data(weights.data()?, device, kind)?;
    let weights = QTensor::new(blocks, (EXPERTS, ROWS, columns))?;
    let inputs = inputs.to_device(device)?;
    let larger = u32::try_from(256 / kind.block_size()).unwrap_or(1);
    for step in [1, larger] {
        let experts = Tensor::new(&[chosen.map(|expert| expert * step)], device)?;
        let found = weights.indexed_moe_forward(&inputs, &experts)?;
        let found: Vec<f32> = found.flatten_all()?.to_vec1()?;
        if are_close(&found, &expected) {
            return Ok(Some(step));
        }
        if larger == 1 {
            break;
        }
    }
    Ok(None)
}

/// Sizes of what is tried.
const EXPERTS: usize = 3;
const ROWS: usize = 64;

/// Values from -1 to 1, on the processor. Any will do, as long as no two rows are alike.
fn some_values(sizes: impl Into<Shape>, mut state: u32) -> CandleResult<Tensor> {
    let sizes = sizes.into();
    let mut value = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(u16::try_from(state >> 16).unwrap_or_default()) / 32_768.0 - 1.0
    };
    let values: Vec<f32> = (0..sizes.elem_count()).map(|_| value()).collect();
    Tensor::from_vec(values, sizes, &Device::Cpu)
}

fn floats_in(tensor: &Tensor) -> CandleResult<Vec<f32>> {
    tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()
}

/// Whether products with rows of `columns` weights that are kept so are the processor's, for
/// one input, as in decoding, and for several.
fn product_is_right(kept: Kept, columns: usize, device: &Device) -> CandleResult<bool> {
    let plain = some_values((ROWS, columns), 1)?;
    let inputs = some_values((16, columns), 2)?;
    let (weights, plain) = match kept {
        Kept::Blocks(kind) => {
            let blocks = QTensor::quantize(&plain, kind)?;
            let plain = blocks.dequantize(&Device::Cpu)?;
            let blocks = QStorage::from_data(blocks.data()?, device, kind)?;
            let blocks = QTensor::new(blocks, (ROWS, columns))?;
            (Weights::Blocks(QMatMul::from_qtensor(blocks)?), plain)
        }
        Kept::Floats(kind) => {
            let weights = plain.to_dtype(kind)?;
            let plain = weights.to_dtype(DType::F32)?;
            (Weights::Floats(weights.to_device(device)?), plain)
        }
    };
    for rows in [1, 16] {
        let inputs = inputs.narrow(0, 0, rows)?;
        let expected = inputs.matmul(&plain.t()?)?;
        let found = weights.forward(&inputs.to_device(device)?)?;
        if !are_close(&floats_in(&found)?, &floats_in(&expected)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the fused product with half floats is that of one expert after another, with and
/// without shares.
fn fused_floats_are_right(kind: DType, columns: usize, device: &Device) -> CandleResult<bool> {
    let weights = some_values((EXPERTS, ROWS, columns), 1)?.to_dtype(kind)?;
    let plain = weights.to_dtype(DType::F32)?;
    let stack = Stack::Floats {
        weights: weights.to_device(device)?,
        fused: true,
    };
    let chosen = [[2_u32, 1], [0, 2]];
    let shares = [[0.75_f32, 0.25], [0.5, 0.5]];
    let choice = Choice {
        experts: Tensor::new(&chosen, device)?,
        shares: Tensor::new(&shares, device)?,
    };
    let inputs = some_values((2, 2, columns), 2)?;
    let product = |row: usize, slot: usize, input: usize| {
        let input = inputs.get(row)?.get(input)?.unsqueeze(1)?;
        let expert = chosen[row][slot] as usize;
        floats_in(&plain.get(expert)?.matmul(&input)?)
    };
    let (mut alone, mut shared) = (Vec::new(), Vec::new());
    for (row, shares) in shares.iter().enumerate() {
        for (slot, share) in shares.iter().enumerate() {
            alone.extend(product(row, slot, 0)?);
            shared.extend(product(row, slot, slot)?.iter().map(|value| value * share));
        }
    }
    let one = inputs.narrow(1, 0, 1)?.contiguous()?.to_device(device)?;
    let found = stack.fused(&one, &choice, None)?;
    if !are_close(&floats_in(&found)?, &alone) {
        return Ok(false);
    }
    let found = stack.fused(&inputs.to_device(device)?, &choice, Some(&choice.shares))?;
    Ok(are_close(&floats_in(&found)?, &shared))
}

/// Whether values agree but for the rounding of inputs to bytes, about a percent of their
/// length.
fn are_close(found: &[f32], expected: &[f32]) -> bool {
    let length = |values: &mut dyn Iterator<Item = f32>| {
        values.map(|value| value * value).sum::<f32>().sqrt()
    };
    let apart = length(&mut found.iter().zip(expected).map(|(left, right)| left - right));
    apart <= 0.05 * length(&mut expected.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trial_of_a_fused_product_tells_rounding_from_another_expert() {
        let expected: Vec<f32> = (0..64_u8).map(|value| f32::from(value % 7) - 3.0).collect();
        let rounded: Vec<f32> = expected.iter().map(|value| value * 1.01).collect();
        let another: Vec<f32> = expected.iter().rev().copied().collect();
        assert!(are_close(&rounded, &expected));
        assert!(!are_close(&another, &expected));
        assert!(!are_close(&[f32::NAN; 64], &expected));
    }

    #[test]
    fn products_are_right_on_the_processor() {
        for kind in [GgmlDType::Q8_0, GgmlDType::Q4K, GgmlDType::Q6K] {
            assert!(product_is_right(Kept::Blocks(kind), 256, &Device::Cpu).unwrap());
        }
        let floats = Kept::Floats(DType::F32);
        assert!(product_is_right(floats, 64, &Device::Cpu).unwrap());
    }

    #[test]
    fn requantized_weights_are_near_to_what_they_were() {
        let values: Vec<f32> = (0..64_u8)
            .map(|value| f32::from(value) / 10.0 - 3.0)
            .collect();
        let bytes = requantized(&values, GgmlDType::Q8_0).unwrap();
        assert_eq!(bytes.len(), 2 * 34);
        for (found, expected) in floats_of(GgmlDType::Q8_0, &bytes).iter().zip(&values) {
            assert!((found - expected).abs() < 0.02, "{found} is not {expected}");
        }
    }

    #[test]
    fn experts_with_the_highest_scores_are_chosen_and_their_shares_are_one() {
        let scores = [[0.0_f32, 3.0, 1.0, 2.0], [5.0, -1.0, 5.5, 0.0]];
        let choice = Choice::of(&Tensor::new(&scores, &Device::Cpu).unwrap(), 2).unwrap();
        let experts: Vec<Vec<u32>> = choice.experts.to_vec2().unwrap();
        assert_eq!(experts, [[1, 3], [2, 0]]);
        let shares: Vec<Vec<f32>> = choice.shares.to_vec2().unwrap();
        let first = 1.0 / (1.0 + (-1.0_f32).exp());
        assert!((shares[0][0] - first).abs() < 1e-6, "{shares:?}");
        assert!(
            (shares[0][0] + shares[0][1] - 1.0).abs() < 1e-6,
            "{shares:?}"
        );
    }
}
