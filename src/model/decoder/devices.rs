//! Devices of this machine: opening them, and what is free on them.

use candle_core::Device;

use super::super::ModelError;
use super::accelerated::{Accelerated, DeviceRoom};
use super::attention::BLOCK;
use super::layers::{Candidate, Plan, Share, Target, Wanted, assign, free_on_host, reserve};
use super::processor::{Processor, Room};
use super::source::Source;
use super::stage::Stage;

/// All accelerators of this machine and then the processor: what is used if nothing is said.
pub(super) fn all() -> Vec<Wanted> {
    let wanted = |target| Wanted {
        target,
        layers: None,
    };
    let mut all: Vec<Wanted> = (0..accelerators())
        .map(|number| wanted(Target::Cuda(number)))
        .collect();
    all.push(wanted(Target::Processor));
    all
}

#[cfg(feature = "cuda")]
fn accelerators() -> usize {
    use candle_core::cuda_backend::cudarc::driver::{CudaContext, sys::CUresult};
    match CudaContext::device_count() {
        Ok(count) => usize::try_from(count).unwrap_or(0),
        Err(error) if error.0 == CUresult::CUDA_ERROR_NO_DEVICE => 0,
        Err(error) => {
            tracing::warn!(%error, "the driver does not say which accelerators there are: the processor is used");
            0
        }
    }
}

#[cfg(not(feature = "cuda"))]
fn accelerators() -> usize {
    0
}

/// A device that was opened, with its candle device unless the processor's own loops run.
struct Opened {
    wanted: Wanted,
    device: Option<Device>,
    free: usize,
}

impl Opened {
    fn new(wanted: Wanted) -> Result<Self, ModelError> {
        let (device, free) = match wanted.target {
            Target::Processor => (None, free_on_host()?),
            Target::Candle => (Some(Device::Cpu), free_on_host()?),
            Target::Cuda(number) => {
                let (device, free) = cuda(number).map_err(|reason| {
                    ModelError::Accelerator(format!("cuda:{number}: {reason}"))
                })?;
                (Some(device), free)
            }
        };
        Ok(Self {
            wanted,
            device,
            free,
        })
    }

    fn candidate(&self, source: &Source, room: &Room) -> Result<Candidate, ModelError> {
        let shape = source.shape();
        let layers = 0..shape.layers;
        let (weights, head, block, work) = match &self.device {
            None => {
                let one = Room { blocks: 1, ..*room };
                let (block, work) = Processor::room_bytes(shape, &one);
                let weights = layers.map(|layer| Processor::layer_bytes(source, layer));
                (
                    weights.collect::<Result<_, _>>()?,
                    Processor::head_bytes(source)?,
                    block,
                    work,
                )
            }
            Some(device) => {
                let cuda = device.is_cuda();
                let weights = layers.map(|layer| Accelerated::layer_bytes(source, layer, cuda));
                (
                    weights.collect::<Result<_, _>>()?,
                    Accelerated::head_bytes(source, cuda)?,
                    Accelerated::cells_bytes(shape, 1, cuda),
                    Accelerated::work_bytes(shape, room.rows),
                )
            }
        };
        Ok(Candidate {
            wanted: self.wanted,
            free: self.free,
            reserve: reserve(self.free),
            weights,
            head,
            block,
            work: work + room.beside,
        })
    }

    fn stage(
        &self,
        source: &Source,
        share: &Share,
        room: Room,
    ) -> Result<Box<dyn Stage>, ModelError> {
        Ok(match &self.device {
            None => Box::new(Processor::open(source, share.layers.clone(), room)?),
            Some(device) => {
                let room = DeviceRoom {
                    device: device.clone(),
                    name: share.target.to_string(),
                    rows: room.rows,
                    blocks: room.blocks,
                };
                Box::new(Accelerated::open(source, share.layers.clone(), &room)?)
            }
        })
    }
}

/// The candle device of `target`, which is not the processor's own.
///
/// # Errors
/// When it cannot be used.
pub(super) fn candle_device(target: Target) -> Result<Device, ModelError> {
    let wanted = Wanted {
        target,
        layers: None,
    };
    Ok(Opened::new(wanted)?.device.unwrap_or(Device::Cpu))
}

#[cfg(feature = "cuda")]
fn cuda(number: usize) -> Result<(Device, usize), String> {
    // The first line: candle adds a backtrace.
    let words = |error: &dyn std::fmt::Display| {
        let words = error.to_string();
        words.lines().next().unwrap_or_default().to_owned()
    };
    let device = Device::new_cuda(number).map_err(|error| words(&error))?;
    let context = device
        .as_cuda_device()
        .map_err(|error| words(&error))?
        .cuda_stream()
        .context()
        .clone();
    let (major, minor) = context
        .compute_capability()
        .map_err(|error| words(&error))?;
    if major < 8 {
        return Err(format!(
            "its compute capability is {major}.{minor}, and keys and values as `bf16` need 8.0"
        ));
    }
    let (free, _) = context.mem_get_info().map_err(|error| words(&error))?;
    Ok((device, free))
}

#[cfg(not(feature = "cuda"))]
fn cuda(_number: usize) -> Result<(Device, usize), String> {
    Err("this program was built without CUDA".to_owned())
}

/// Opens the devices that are wanted; of those that nobody asked for, those that can be used.
fn open_all(wanted: &[Wanted]) -> Result<Vec<Opened>, ModelError> {
    if !wanted.is_empty() {
        return wanted.iter().copied().map(Opened::new).collect();
    }
    let mut opened = Vec::new();
    for wanted in all() {
        match Opened::new(wanted) {
            Ok(device) => opened.push(device),
            Err(error) if wanted.target == Target::Processor => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "an accelerator cannot be used, and is left alone");
            }
        }
    }
    Ok(opened)
}

/// Opens devices, gives them the layers of a model and reads these; nothing is read if they
/// do not fit.
///
/// # Errors
/// When a device cannot be used, memory is short, or a weight cannot be read.
pub(super) fn open(
    source: &Source,
    wanted: &[Wanted],
    room: Room,
) -> Result<(Vec<Box<dyn Stage>>, Plan), ModelError> {
    let opened = open_all(wanted)?;
    let plan = plan_of(source, &opened, &room)?;
    let stages = plan
        .shares
        .iter()
        .map(|share| {
            let own = |device: &&Opened| device.wanted.target == share.target;
            let device = opened
                .iter()
                .find(own)
                .expect("shares are of these devices");
            device.stage(source, share, room)
        })
        .collect::<Result<_, _>>()?;
    Ok((stages, plan))
}

/// What [`open`] would do, without reading weights.
///
/// # Errors
/// As [`open`].
pub(super) fn plan(source: &Source, wanted: &[Wanted], room: &Room) -> Result<Plan, ModelError> {
    let opened = open_all(wanted)?;
    plan_of(source, &opened, room)
}

fn plan_of(source: &Source, opened: &[Opened], room: &Room) -> Result<Plan, ModelError> {
    let candidates = opened
        .iter()
        .map(|device| device.candidate(source, room))
        .collect::<Result<Vec<_>, _>>()?;
    assign(&candidates, room.blocks).map_err(|reason| ModelError::Memory {
        file: source.path().to_owned(),
        reason,
    })
}

/// Blocks for `context` tokens.
pub(super) fn blocks(context: usize) -> usize {
    context.div_ceil(BLOCK)
}
