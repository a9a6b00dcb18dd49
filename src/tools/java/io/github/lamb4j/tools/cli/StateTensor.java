package io.github.lamb4j.tools.cli;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.internal.safetensors.Dtype;
import io.github.lamb4j.internal.safetensors.TensorInfo;
import io.github.lamb4j.model.Moment;
import java.nio.FloatBuffer;
import java.util.List;

/** What {@code state.safetensors} holds for a tensor of the model, always as F32. */
enum StateTensor {
  /** The average of the gradients. */
  FIRST("exp_avg/"),
  /** The average of their squares. */
  SECOND("exp_avg_sq/"),
  /** The weights in full, where those of the model are half precision. */
  MASTER("master/");

  private final String prefix;

  StateTensor(String prefix) {
    this.prefix = prefix;
  }

  /** What there is for a tensor of the model. */
  static List<StateTensor> of(TensorInfo weights) {
    return weights.dtype() == Dtype.F32 ? List.of(FIRST, SECOND) : List.of(values());
  }

  /** Its name in the file. */
  String nameOf(TensorInfo weights) {
    return prefix + weights.name();
  }

  /** Copies a part of it out of the optimizer. */
  void read(Lamb lamb, String weights, long offset, FloatBuffer target) {
    switch (this) {
      case FIRST -> lamb.readMoment(weights, Moment.FIRST, offset, target);
      case SECOND -> lamb.readMoment(weights, Moment.SECOND, offset, target);
      case MASTER -> lamb.readMaster(weights, offset, target);
    }
  }

  /** Replaces a part of it in the optimizer. */
  void write(Lamb lamb, String weights, long offset, FloatBuffer source) {
    switch (this) {
      case FIRST -> lamb.writeMoment(weights, Moment.FIRST, offset, source);
      case SECOND -> lamb.writeMoment(weights, Moment.SECOND, offset, source);
      case MASTER -> lamb.writeMaster(weights, offset, source);
    }
  }
}
