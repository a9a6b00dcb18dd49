package io.github.lamb4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.model.Parameter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** One warning of non-finite norms per run. */
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
