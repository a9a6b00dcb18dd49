package io.github.lamb4j.tools.cli;

import io.github.lamb4j.config.BiasCorrection;
import java.util.Locale;

/** The values of {@code --bias-correction}. */
enum BiasCorrectionOption {
  MOMENTS(BiasCorrection.MOMENTS),
  LR(BiasCorrection.LEARNING_RATE),
  NONE(BiasCorrection.NONE);

  private final BiasCorrection meaning;

  BiasCorrectionOption(BiasCorrection meaning) {
    this.meaning = meaning;
  }

  BiasCorrection meaning() {
    return meaning;
  }

  /** The value as it is written. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The value for a bias correction. */
  static BiasCorrectionOption of(BiasCorrection meaning) {
    for (BiasCorrectionOption option : values()) {
      if (option.meaning == meaning) {
        return option;
      }
    }
    throw new IllegalArgumentException("bias correction: " + meaning);
  }
}
