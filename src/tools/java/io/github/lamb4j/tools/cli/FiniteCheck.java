package io.github.lamb4j.tools.cli;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.safetensors.Dtype;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import java.nio.FloatBuffer;
import java.util.Optional;

/**
 * Looks for the first tensor whose gradients or results are not finite, and acts by the policy: it
 * fails, or it remembers a warning. Skipping is the optimizer's work.
 */
final class FiniteCheck {

  private static final int PIECE = 1 << 16;

  private final NonFiniteGradients policy;
  private String warning;

  FiniteCheck(NonFiniteGradients policy) {
    this.policy = policy;
  }

  /** The warning, if there is one. */
  Optional<String> warning() {
    return Optional.ofNullable(warning);
  }

  /**
   * Looks at the gradients of a tensor before a step.
   *
   * @throws CommandFailed if they are not finite and the policy is to fail
   */
  void gradients(Source grads, String tensor, FloatBuffer gradients) {
    if (policy == NonFiniteGradients.SKIP || warning != null) {
      return;
    }
    int at = Weights.nonFinite(gradients);
    if (at >= 0) {
      found(
          "%s: the gradient of tensor %s is %s at element %d"
              .formatted(grads, Printable.value(tensor), gradients.get(at), at));
    }
  }

  /** A step was skipped although each gradient is finite: by their scale, the norm is not. */
  void skipped(Source grads, double norm) {
    if (policy == NonFiniteGradients.FAIL) {
      found("%s: the norm of the gradients is %s".formatted(grads, norm));
    }
  }

  /**
   * Looks at the weights of a tensor after a step.
   *
   * @throws CommandFailed if they are not finite and the policy is to fail
   */
  void weights(Source grads, String tensor, Weights weights, Lamb lamb) {
    int at = warning == null ? weights.nonFinite() : -1;
    if (at < 0) {
      return;
    }
    FloatBuffer exact = FloatBuffer.allocate(1);
    if (weights.type() == Dtype.F32) {
      exact.put(0, weights.array().floats().get(at));
    } else {
      lamb.readState(tensor, StateArray.MASTER, at, exact);
    }
    String problem =
        Float.isFinite(exact.get(0))
            ? "overflows %s: its master is %s".formatted(weights.type(), exact.get(0))
            : "is " + exact.get(0);
    found(
        "%s: after this step, the weight of tensor %s at element %d %s"
            .formatted(grads, Printable.value(tensor), at, problem));
  }

  /**
   * Looks at the moments of all tensors after the last step.
   *
   * @throws CommandFailed if they are not finite and the policy is to fail
   */
  void moments(Source grads, Lamb lamb) {
    for (ParameterGroup group : lamb.groups()) {
      for (Parameter parameter : group.parameters()) {
        for (StateArray array : StateArray.of(false)) {
          moments(grads, parameter, array, lamb);
        }
      }
    }
  }

  private void moments(Source grads, Parameter parameter, StateArray array, Lamb lamb) {
    FloatBuffer piece = FloatBuffer.allocate((int) Math.min(PIECE, parameter.count()));
    for (long offset = 0; warning == null && offset < parameter.count(); offset += PIECE) {
      piece.clear().limit((int) Math.min(PIECE, parameter.count() - offset));
      lamb.readState(parameter.name(), array, offset, piece);
      int at = Weights.nonFinite(piece.flip());
      if (at >= 0) {
        found(
            "%s: after this step, %s is %s at element %d"
                .formatted(
                    grads,
                    Printable.value(array.tensorName(parameter.name())),
                    piece.get(at),
                    offset + at));
      }
    }
  }

  private void found(String problem) {
    if (policy == NonFiniteGradients.FAIL) {
      throw new CommandFailed(problem + "; nothing was written (--nonfinite fail)");
    }
    warning =
        problem
            + (policy == NonFiniteGradients.SKIP
                ? "; results are written all the same: use --nonfinite fail to stop"
                : "; results are written all the same: use --nonfinite skip or fail to stop");
  }
}
