package io.github.lamb4j.config;

/** When a group's updates are scaled by trust ratios. A trust ratio of 1 turns LAMB into AdamW. */
public enum LayerAdaptation {
  /** Always, as in the paper and in apex with {@code use_nvlamb=True}. */
  ALWAYS,
  /** Only if the group has weight decay, the default of apex and timm. */
  WITH_DECAY,
  /** Never. */
  NEVER
}
