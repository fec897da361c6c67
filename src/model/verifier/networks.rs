//! The architectures of published models, by candle's implementations of them.
//!
//! Their configurations are brought to what those implementations read. What they cannot compute
//! is refused when a model is opened, not when it is asked.

use candle_core::{D, DType, Result, Tensor};
use candle_nn::{LayerNorm, Linear, Module as _, VarBuilder};
use candle_transformers::models::{bert, debertav2, modernbert, xlm_roberta};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A model that gives outputs for pairs.
pub(super) enum Network {
    Bert {
        model: bert::BertModel,
        pooler: Linear,
        classifier: Linear,
    },
    /// `RoBERTa` and `XLM-RoBERTa`, which differ in nothing but their words.
    Roberta(xlm_roberta::XLMRobertaForSequenceClassification),
    Deberta(Box<debertav2::DebertaV2SeqClassificationModel>),
    ModernBert {
        model: modernbert::ModernBert,
        mean: bool,
        dense: Linear,
        norm: LayerNorm,
        classifier: Linear,
    },
}

/// What of a configuration all architectures have.
#[derive(Debug, Deserialize)]
pub(super) struct Common {
    pub(super) model_type: String,
    pub(super) vocab_size: usize,
    hidden_size: usize,
    num_attention_heads: usize,
    max_position_embeddings: usize,
    #[serde(default)]
    pub(super) pad_token_id: Option<u32>,
}

impl Common {
    pub(super) fn of(config: &Value) -> std::result::Result<Self, String> {
        let common = Self::deserialize(config).map_err(|error| error.to_string())?;
        if !["bert", "roberta", "xlm-roberta", "deberta-v2", "modernbert"]
            .contains(&common.model_type.as_str())
        {
            return Err(format!(
                "it is a model of type `{}`, not `bert`, `roberta`, `xlm-roberta`, `deberta-v2` or \
                 `modernbert`",
                common.model_type
            ));
        }
        let (hidden, heads) = (common.hidden_size, common.num_attention_heads);
        if heads == 0 || hidden == 0 || !hidden.is_multiple_of(heads) {
            return Err("its sizes do not fit together".to_owned());
        }
        if common.positions() < 16 {
            return Err("it has hardly any positions".to_owned());
        }
        Ok(common)
    }

    fn is_roberta(&self) -> bool {
        self.model_type.ends_with("roberta")
    }

    /// Tokens that a pair may have.
    pub(super) fn positions(&self) -> usize {
        // RoBERTa counts positions from behind the padding token's number.
        let first = if self.is_roberta() {
            self.padding() as usize + 1
        } else {
            0
        };
        self.max_position_embeddings.saturating_sub(first)
    }

    /// What fills up shorter pairs. Where the configuration names nothing, it is never looked at.
    pub(super) fn padding(&self) -> u32 {
        self.pad_token_id.unwrap_or(0)
    }

    /// Whether the claim begins with a control token of its own.
    pub(super) fn doubles_ends(&self) -> bool {
        self.is_roberta()
    }
}

impl Network {
    /// Takes the weights out of `weights`. Refuses in words what cannot be computed.
    pub(super) fn load(
        config: &Value,
        common: &Common,
        labels: usize,
        weights: VarBuilder<'_>,
    ) -> std::result::Result<Self, String> {
        let broken = |error: candle_core::Error| error.to_string();
        let hidden = common.hidden_size;
        let linear = |inputs, outputs, name| candle_nn::linear(inputs, outputs, weights.pp(name));
        match common.model_type.as_str() {
            "bert" => {
                let config = read(config, &absolute())?;
                Ok(Self::Bert {
                    model: bert::BertModel::load(weights.pp("bert"), &config).map_err(broken)?,
                    pooler: linear(hidden, hidden, "bert.pooler.dense").map_err(broken)?,
                    classifier: linear(hidden, labels, "classifier").map_err(broken)?,
                })
            }
            "roberta" | "xlm-roberta" => {
                let config = read(config, &absolute())?;
                let new = xlm_roberta::XLMRobertaForSequenceClassification::new;
                new(labels, &config, weights)
                    .map(Self::Roberta)
                    .map_err(broken)
            }
            "deberta-v2" => {
                if config["conv_kernel_size"].as_u64().unwrap_or(0) > 0 {
                    return Err("it has a convolution beside its first layer".to_owned());
                }
                let pooler = json!({
                    "pooler_hidden_size": hidden,
                    "pooler_hidden_act": "gelu",
                    "pooler_dropout": 0,
                });
                let config: debertav2::Config = read(config, &pooler)?;
                // The names of the labels are not looked at, but have to be there.
                let config = debertav2::Config {
                    id2label: Some((0..).zip(vec![String::new(); labels]).collect()),
                    ..config
                };
                let load = debertav2::DebertaV2SeqClassificationModel::load;
                load(weights.pp("deberta"), &config, None)
                    .map(|model| Self::Deberta(Box::new(model)))
                    .map_err(broken)
            }
            _ => {
                let norm = |name| {
                    let eps = epsilon(config).unwrap_or(1e-5);
                    candle_nn::layer_norm_no_bias(hidden, eps, weights.pp(name))
                };
                let dense = candle_nn::linear_no_bias(hidden, hidden, weights.pp("head.dense"));
                Ok(Self::ModernBert {
                    model: modernbert::ModernBert::load(weights.clone(), &modern(config)?)
                        .map_err(broken)?,
                    mean: config["classifier_pooling"] == "mean",
                    dense: dense.map_err(broken)?,
                    norm: norm("head.norm").map_err(broken)?,
                    classifier: linear(hidden, labels, "classifier").map_err(broken)?,
                })
            }
        }
    }

    /// The outputs for pairs that are padded to one length. `types` are 1 for the claim, `mask`
    /// is 0 for padding.
    pub(super) fn outputs(&self, ids: &Tensor, types: &Tensor, mask: &Tensor) -> Result<Tensor> {
        match self {
            Self::Bert {
                model,
                pooler,
                classifier,
            } => {
                let tokens = model.forward(ids, types, Some(mask))?;
                let pooled = pooler.forward(&first(&tokens)?)?.tanh()?;
                classifier.forward(&pooled)
            }
            // It knows one type only.
            Self::Roberta(model) => model.forward(ids, mask, &types.zeros_like()?),
            Self::Deberta(model) => model.forward(ids, Some(types.clone()), Some(mask.clone())),
            Self::ModernBert {
                model,
                mean,
                dense,
                norm,
                classifier,
            } => {
                let tokens = model.forward(ids, mask)?;
                let pooled = if *mean {
                    let mask = mask.to_dtype(DType::F32)?;
                    let sum = tokens.broadcast_mul(&mask.unsqueeze(D::Minus1)?)?.sum(1)?;
                    sum.broadcast_div(&mask.sum_keepdim(1)?)?
                } else {
                    first(&tokens)?
                };
                let pooled = norm.forward(&dense.forward(&pooled)?.gelu_erf()?)?;
                classifier.forward(&pooled)
            }
        }
    }
}

/// The first token of each pair.
fn first(tokens: &Tensor) -> Result<Tensor> {
    tokens.narrow(1, 0, 1)?.squeeze(1)?.contiguous()
}

/// What configurations of newer versions leave out.
fn absolute() -> Value {
    json!({ "position_embedding_type": "absolute", "classifier_dropout": null })
}

/// Reads a configuration; where it lacks a key, that of `defaults` counts.
fn read<T: DeserializeOwned>(config: &Value, defaults: &Value) -> std::result::Result<T, String> {
    let mut whole = defaults.clone();
    if let (Some(whole), Some(config)) = (whole.as_object_mut(), config.as_object()) {
        for (key, value) in config {
            // `null` is as good as nothing where there is a default.
            if !value.is_null() || !whole.contains_key(key) {
                whole.insert(key.clone(), value.clone());
            }
        }
    }
    serde_json::from_value(whole).map_err(|error| error.to_string())
}

fn epsilon(config: &Value) -> Option<f64> {
    ["norm_eps", "layer_norm_eps"]
        .iter()
        .find_map(|key| config[*key].as_f64())
}

/// `ModernBERT`'s configuration, whose older and newer versions write some things differently.
fn modern(config: &Value) -> std::result::Result<modernbert::Config, String> {
    let every = config["global_attn_every_n_layers"]
        .as_u64()
        .unwrap_or(3)
        .max(1);
    if let Some(kinds) = config["layer_types"].as_array() {
        let regular = (0..)
            .zip(kinds)
            .all(|(layer, kind)| (layer % every == 0) == (kind == "full_attention"));
        if !regular {
            return Err(format!(
                "not every {every}th of its layers sees the whole text"
            ));
        }
    }
    for (key, usual) in [
        ("hidden_activation", "gelu"),
        ("classifier_activation", "gelu"),
    ] {
        if config[key].as_str().is_some_and(|value| value != usual) {
            return Err(format!("its {key} is {}, not `{usual}`", config[key]));
        }
    }
    for key in ["norm_bias", "mlp_bias", "attention_bias", "classifier_bias"] {
        if config[key] == true {
            return Err(format!("it has {key}"));
        }
    }
    let theta = |kind: &str, key: &str, usual: f64| {
        let newer = &config["rope_parameters"][kind]["rope_theta"];
        newer
            .as_f64()
            .or_else(|| config[key].as_f64())
            .unwrap_or(usual)
    };
    let normalized = json!({
        "layer_norm_eps": epsilon(config).unwrap_or(1e-5),
        "global_attn_every_n_layers": every,
        "global_rope_theta": theta("full_attention", "global_rope_theta", 160_000.0),
        "local_rope_theta": theta("sliding_attention", "local_rope_theta", 10_000.0),
        "local_attention": 128,
        "pad_token_id": 0,
    });
    read(config, &normalized)
}
