package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.Scalar;
import io.github.lamb4j.report.StepReport;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** One warning of norms that are not finite, or cannot be used, per run. */
class NonFiniteWarningTest {

  private final Logger logger = (Logger) LoggerFactory.getLogger(Lamb.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final float[] w = {1, 2};
  private final float[] g = {1, 2};

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
    logger.setAdditive(false);
  }

  @AfterEach
  void leave() {
    logger.detachAppender(log);
    logger.setAdditive(true);
  }

  private Lamb build(NonFiniteGradients policy) {
    return Lamb.onCpu()
        .nonFiniteGradients(policy)
        .group(
            "all",
            Hyperparameters.lamb(0.1),
            Parameter.onHost("first", new float[] {1}, new float[] {1}),
            Parameter.onHost("second", w, g),
            Parameter.onHost("third", w.clone(), new float[] {Float.NaN, 0}))
        .build();
  }

  @Test
  void shouldWarnOnce() {
    try (Lamb lamb = build(NonFiniteGradients.PROPAGATE)) {
      lamb.freeze("third");
      lamb.step();
      lamb.layerStats();
      assertEquals(0, log.list.size());
      g[1] = Float.POSITIVE_INFINITY;
      lamb.step();
      lamb.stepCount();
      assertEquals(0, log.list.size(), "only reports warn");
      lamb.report(lamb.newReport());
      lamb.unfreeze("third");
      lamb.step();
      lamb.layerStats();
      assertEquals(1, log.list.size());
      ILoggingEvent warning = log.list.get(0);
      assertEquals(Level.WARN, warning.getLevel());
      String said = warning.getFormattedMessage();
      assertTrue(said.startsWith("step 2: parameter second: weight norm "), said);
      assertTrue(said.contains("update norm NaN"), said);
      assertTrue(said.contains("nonFiniteGradients(SKIP)"), said);
      lamb.resumeAt(0); // another run
      lamb.step();
      lamb.layerStats();
      assertEquals(2, log.list.size());
    }
  }

  /** A negative norm clips nothing, and neither does NaN. */
  @ParameterizedTest
  @ValueSource(floats = {-5, Float.NaN})
  void shouldWarnOfGivenNormThatClipsNothing(float given) {
    float[] norm = {1};
    try (Lamb lamb =
        Lamb.onCpu()
            .maxGradNorm(1)
            .gradientNorm(Scalar.onHost(norm))
            .group("all", Hyperparameters.lamb(0.1), Parameter.onHost("w", w, g))
            .build()) {
      lamb.resumeAt(3);
      lamb.report(lamb.newReport());
      lamb.step();
      lamb.report(lamb.newReport());
      assertEquals(0, log.list.size());
      norm[0] = given;
      lamb.step();
      lamb.report(lamb.newReport());
      lamb.report(lamb.newReport());
      assertEquals(1, log.list.size());
      String said = log.list.get(0).getFormattedMessage();
      assertTrue(said.startsWith("step 5: the given gradient norm was negative or NaN"), said);
    }
  }

  /** The norm is NaN then, whatever the program gives. */
  @Test
  void shouldNotBlameTheGivenNormForABadLossScale() {
    try (Lamb lamb =
        Lamb.onCpu()
            .maxGradNorm(1)
            .gradientNorm(Scalar.onHost(new float[] {1}))
            .lossScale(Scalar.onHost(new float[] {-1}))
            .group("all", Hyperparameters.lamb(0.1), Parameter.onHost("w", w, g))
            .build()) {
      lamb.step();
      StepReport report = lamb.newReport();
      assertThrows(IllegalStateException.class, () -> lamb.report(report));
      assertEquals(List.of(), log.list);
    }
  }

  @Test
  void shouldNotWarnWhereStepsAreSkipped() {
    try (Lamb lamb = build(NonFiniteGradients.SKIP)) {
      lamb.step();
      lamb.report(lamb.newReport());
      assertEquals(1, lamb.skippedSteps());
      assertEquals(0, log.list.size());
    }
  }
}
