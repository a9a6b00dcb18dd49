package io.github.lamb4j.internal.engine;

import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.internal.spi.GradientOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds in a report what has gone wrong during steps, for which the host does not wait. */
final class ReportChecks {

  private static final Logger LOG = LoggerFactory.getLogger("io.github.lamb4j.Lamb");

  private final NonFiniteGradients policy;

  /** Whether the program gives the norm by which gradients are clipped. */
  private final boolean clipsByGivenNorm;

  private boolean warned;

  ReportChecks(GradientOptions options) {
    policy = options.nonFinite();
    clipsByGivenNorm = options.norm().isPresent() && options.maxNorm().isPresent();
  }

  /** Allows another warning, because a state was loaded or the step count was set. */
  void begin() {
    warned = false;
  }

  /**
   * Warns of norms that are not finite, and of a given norm that cannot be used, once.
   *
   * @param begun the step count before the first step of this model
   * @throws IllegalStateException if non-finite gradients ended the run, or a step has used an
   *     invalid loss scale or divisor
   */
  void check(ReportData report, long begun) {
    if (policy == NonFiniteGradients.PROPAGATE) {
      warnOfNonFiniteNorms(report);
      requireValidDivisors(report);
      warnOfGivenNorm(report, begun);
    } else {
      requireNotHalted(report);
    }
  }

  private void warnOfNonFiniteNorms(ReportData report) {
    for (int layer = 0; layer < report.layerCount() && !warned; layer++) {
      double weightNorm = report.weightNorm(layer);
      double updateNorm = report.updateNorm(layer);
      boolean finite = Double.isFinite(weightNorm) && Double.isFinite(updateNorm);
      if (report.hasNorms(layer) && !finite) {
        warned = true;
        LOG.warn(
            "step {}: parameter {}: weight norm {} and update norm {} are not finite; restore a saved state, and use"
                + " nonFiniteGradients(SKIP), a lower learning rate, or a lower loss scale. This is logged once.",
            report.step(),
            report.name(layer),
            weightNorm,
            updateNorm);
      }
    }
  }

  private void warnOfGivenNorm(ReportData report, long begun) {
    if (clipsByGivenNorm
        && !warned
        && report.step() > begun
        && Double.isNaN(report.gradientNorm())) {
      warned = true;
      LOG.warn(
          "step {}: the given gradient norm was negative or NaN, so the gradients were not clipped; correct the"
              + " number that gradientNorm(...) refers to. This is logged once.",
          report.step());
    }
  }

  private static void requireValidDivisors(ReportData report) {
    if (report.invalidDivisor() != 1) {
      throw new IllegalStateException(
          ("loss scale times divisor was %s at or before step %d: must be finite and above 0; that step was taken"
                  + " with invalid gradients; correct the scale or divisor, restore weights, and load a state or call"
                  + " resumeAt(...); nonFiniteGradients(SKIP) skips such steps")
              .formatted(report.invalidDivisor(), report.step()));
    }
  }

  private static void requireNotHalted(ReportData report) {
    if (report.isHalted()) {
      throw new IllegalStateException(
          ("step %d: %s; this and all later steps were skipped, weights and moments are those of step %d;"
                  + " load a state or call resumeAt(...) to continue")
              .formatted(
                  report.step() + 1,
                  report.invalidDivisor() == 1
                      ? "gradients are not finite (norm %s)".formatted(report.gradientNorm())
                      : "loss scale times divisor is %s, not finite and above 0"
                          .formatted(report.invalidDivisor()),
                  report.step()));
    }
  }
}
