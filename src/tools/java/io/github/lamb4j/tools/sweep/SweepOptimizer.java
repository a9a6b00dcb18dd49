package io.github.lamb4j.tools.sweep;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.schedule.Schedule;
import io.github.lamb4j.tools.train.Classifier;
import io.github.lamb4j.tools.train.Contender;
import java.util.Locale;

/** An optimizer in a sweep. All have the same schedule. */
public enum SweepOptimizer {
  /** LAMB. */
  LAMB("LAMB"),
  /** LAMB without layer adaptation. */
  ADAMW("AdamW"),
  /**
   * SGD with momentum, without weight decay: at its learning rates, which are hundreds of times
   * those of AdamW, the others' decay would dominate.
   */
  SGD("SGD");

  /** The momentum of SGD. */
  public static final double MOMENTUM = 0.9;

  private final String label;

  SweepOptimizer(String label) {
    this.label = label;
  }

  /** The name in tables. */
  public String label() {
    return label;
  }

  /** The name in {@link SweepCell#optimizer}. */
  public String key() {
    return label.toLowerCase(Locale.ROOT);
  }

  /** Makes the optimizer of a run. */
  CellOptimizer of(Classifier model, Schedule schedule, long steps) {
    if (this == SGD) {
      return CellOptimizer.of(model.momentum(schedule, MOMENTUM));
    }
    Contender contender = this == LAMB ? Contender.LAMB : Contender.ADAMW;
    Lamb optimizer =
        model.optimizer(contender.weights(schedule), contender.biases(schedule)).build();
    return CellOptimizer.of(optimizer, steps);
  }
}
