package io.github.lamb4j.config;

/** Which parameters of a group have a trust ratio; the others have ratio 1, which makes AdamW. */
public enum LayerAdaptation {
  /** All: the paper's way, and apex's with {@code use_nvlamb}. */
  ALWAYS,
  /** All if the group has weight decay, else none: the way of apex and timm by default. */
  WITH_DECAY,
  /** None. */
  NEVER
}
