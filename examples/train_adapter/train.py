"""Trains an adapter (LoRA, Hu and others, 2021) with TRL on what people said is right.

    python train.py MODEL LINES ADAPTER [EPOCHS]

MODEL is a folder with `model.gguf`, LINES what `veracite feedback export --format prompt-completion` wrote,
ADAPTER the folder that is made, in the format of PEFT. It runs on processors.
"""

import sys

import torch
from datasets import load_dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

model_folder, lines, adapter = sys.argv[1:4]
epochs = float(sys.argv[4]) if len(sys.argv) > 4 else 2

tokenizer = AutoTokenizer.from_pretrained(model_folder, gguf_file="model.gguf")
model = AutoModelForCausalLM.from_pretrained(model_folder, gguf_file="model.gguf", dtype=torch.float32)
# Its weights were read as floats, and nothing is quantized any more; transformers refuses to train otherwise.
model.is_quantized = False
model.hf_quantizer = None
del model.config.quantization_config

dataset = load_dataset("json", data_files=lines, split="train").select_columns(["prompt", "completion"])
trainer = SFTTrainer(
    model=model,
    processing_class=tokenizer,
    train_dataset=dataset,
    peft_config=LoraConfig(
        r=16,
        lora_alpha=32,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
        task_type="CAUSAL_LM",
    ),
    # Only the answer is learnt, not the prompt, as TRL does with these columns.
    args=SFTConfig(
        output_dir=f"{adapter}-run",
        max_length=2048,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=4,
        num_train_epochs=epochs,
        learning_rate=5e-4,
        lr_scheduler_type="cosine",
        warmup_steps=3,
        logging_steps=2,
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        bf16=False,
        fp16=False,
        gradient_checkpointing=False,
        seed=1,
        disable_tqdm=True,
    ),
)
trainer.train()
trainer.save_model(adapter)
