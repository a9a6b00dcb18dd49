package io.github.lamb4j.internal.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.report.StepReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import jdk.jfr.EventType;
import jdk.jfr.Recording;
import jdk.jfr.ValueDescriptor;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** JFR events for each reported step, once, and at most one log line per second. */
class TelemetryTest {

  private static final String STEP = "io.github.lamb4j.Step";
  private static final String LAYER = "io.github.lamb4j.Layer";
  private static final long SECOND = 1_000_000_000;

  private final float[] g = {1};
  private final Logger logger = (Logger) LoggerFactory.getLogger(Lamb.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @TempDir private Path folder;

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
    logger.setLevel(Level.DEBUG);
    logger.setAdditive(false);
  }

  @AfterEach
  void leave() {
    logger.detachAppender(log);
    logger.setLevel(null);
    logger.setAdditive(true);
  }

  /** Layers with trust ratios 3 and 5 at the first step, and one without adaptation. */
  private LambBuilder builder() {
    Hyperparameters h = Hyperparameters.lamb(0.1).withWeightDecay(0);
    return Lamb.onCpu()
        .group(
            "weights",
            h,
            Parameter.onHost("three", new float[] {3}, g),
            Parameter.onHost("five", new float[] {5}, new float[] {1}))
        .group(
            "biases",
            Hyperparameters.adamW(0.2).withWeightDecay(0),
            Parameter.onHost("bias", new float[] {4}, new float[] {1}))
        .threads(1);
  }

  private List<RecordedEvent> record(String name, Runnable work) throws IOException {
    try (Recording recording = new Recording()) {
      recording.enable(name);
      recording.start();
      work.run();
      recording.stop();
      return events(recording);
    }
  }

  private List<RecordedEvent> events(Recording recording) throws IOException {
    Path file = folder.resolve("recording.jfr");
    recording.dump(file);
    return RecordingFile.readAllEvents(file).stream()
        .filter(event -> event.getEventType().getName().startsWith("io.github.lamb4j."))
        .toList();
  }

  private List<RecordedEvent> recordSteps(LambBuilder builder, Consumer<Lamb> work)
      throws IOException {
    return record(
        STEP,
        () -> {
          try (Lamb lamb = builder.build()) {
            work.accept(lamb);
          }
        });
  }

  private static List<Long> steps(List<RecordedEvent> events) {
    return events.stream().map(event -> event.getLong("step")).toList();
  }

  @Test
  void shouldRecordContentsOfReport() throws IOException {
    RecordedEvent event =
        recordSteps(
                builder().maxGradNorm(100),
                lamb -> {
                  lamb.step();
                  lamb.report(lamb.newReport());
                })
            .get(0);
    assertEquals(1, event.getLong("step"));
    assertEquals(0, event.getLong("skippedSteps"));
    assertEquals(Math.sqrt(3), event.getDouble("gradientNorm"), 1e-12);
    assertEquals(0.1, event.getDouble("smallestLearningRate"));
    assertEquals(0.2, event.getDouble("largestLearningRate"));
    assertEquals(3, event.getInt("layers"));
    assertEquals(Math.sqrt(9 + 25 + 16), event.getDouble("weightNorm"), 1e-12);
    assertEquals(Math.sqrt(3), event.getDouble("updateNorm"), 1e-5);
    assertEquals(3, event.getDouble("smallestTrustRatio"), 1e-5);
    assertEquals("three", event.getString("smallestTrustRatioLayer"));
    assertEquals(5, event.getDouble("largestTrustRatio"), 1e-5);
    assertEquals("five", event.getString("largestTrustRatioLayer"));
    assertNull(event.getStackTrace());
  }

  @Test
  void shouldRecordNaNForMissingMetrics() throws IOException {
    RecordedEvent event =
        recordSteps(
                Lamb.onCpu()
                    .group(
                        "all",
                        Hyperparameters.adamW(0.1),
                        Parameter.onHost("bias", new float[1], new float[1])),
                lamb -> {
                  lamb.step();
                  lamb.report(lamb.newReport());
                })
            .get(0);
    assertEquals(Double.NaN, event.getDouble("gradientNorm"));
    assertEquals(Double.NaN, event.getDouble("smallestTrustRatio"));
    assertEquals(Double.NaN, event.getDouble("largestTrustRatio"));
    assertNull(event.getString("smallestTrustRatioLayer"));
    assertNull(event.getString("largestTrustRatioLayer"));
  }

  @Test
  void shouldRecordEachReportedStepOnce() throws IOException {
    List<RecordedEvent> events =
        recordSteps(
            builder().maxGradNorm(1),
            lamb -> {
              StepReport report = lamb.newReport();
              lamb.report(report); // no step yet
              lamb.step();
              lamb.report(report);
              lamb.report(report);
              lamb.layerStats();
              lamb.gradientNorm();
              lamb.report(lamb.newReport());
              lamb.step();
              lamb.step();
              lamb.layerStats();
              lamb.report(report);
              lamb.step();
              lamb.gradientNorm();
              lamb.step();
              lamb.stepCount();
              lamb.skippedSteps();
            });
    assertEquals(List.of(1L, 3L, 4L), steps(events));
  }

  @Test
  void shouldRecordSkippedStep() throws IOException {
    List<RecordedEvent> events =
        recordSteps(
            builder().nonFiniteGradients(NonFiniteGradients.SKIP),
            lamb -> {
              StepReport report = lamb.newReport();
              lamb.step();
              lamb.report(report);
              g[0] = Float.NEGATIVE_INFINITY;
              lamb.step();
              lamb.report(report);
            });
    assertEquals(List.of(1L, 1L), steps(events));
    assertEquals(0, events.get(0).getLong("skippedSteps"));
    assertEquals(1, events.get(1).getLong("skippedSteps"));
    assertEquals(Double.POSITIVE_INFINITY, events.get(1).getDouble("gradientNorm"));
    assertEquals("three", events.get(1).getString("smallestTrustRatioLayer"));
  }

  @Test
  void shouldRecordStepThatHaltedRun() throws IOException {
    List<RecordedEvent> events =
        recordSteps(
            builder().nonFiniteGradients(NonFiniteGradients.FAIL),
            lamb -> {
              lamb.step();
              g[0] = Float.NaN;
              lamb.step();
              assertThrows(IllegalStateException.class, () -> lamb.report(lamb.newReport()));
              assertThrows(IllegalStateException.class, lamb::layerStats);
            });
    assertEquals(List.of(1L), steps(events));
    assertEquals(1, events.get(0).getLong("skippedSteps"));
    assertEquals(Double.NaN, events.get(0).getDouble("gradientNorm"));
  }

  @Test
  void shouldRecordNothingBeforeFirstStep() throws IOException {
    List<RecordedEvent> events =
        recordSteps(
            builder(),
            lamb -> {
              lamb.resumeAt(10);
              lamb.report(lamb.newReport());
              lamb.step();
              lamb.report(lamb.newReport());
              lamb.resumeAt(10);
              lamb.report(lamb.newReport());
              lamb.step();
              lamb.report(lamb.newReport());
            });
    assertEquals(List.of(11L, 11L), steps(events));
  }

  @Test
  void shouldRecordStepBeforeGroupsChange() throws IOException {
    List<RecordedEvent> events =
        recordSteps(
            builder(),
            lamb -> {
              lamb.step();
              lamb.removeParameters("three");
              lamb.report(lamb.newReport());
              lamb.step();
              lamb.report(lamb.newReport());
            });
    assertEquals(List.of(1L, 2L), steps(events));
    assertEquals(3, events.get(0).getInt("layers"));
    assertEquals(3, events.get(0).getDouble("smallestTrustRatio"), 1e-5);
    assertEquals(2, events.get(1).getInt("layers"));
    assertEquals("five", events.get(1).getString("smallestTrustRatioLayer"));
  }

  @Test
  void shouldRecordLayersWhenEnabled() throws IOException {
    List<RecordedEvent> events =
        record(
            LAYER,
            () -> {
              try (Lamb lamb = builder().nonFiniteGradients(NonFiniteGradients.SKIP).build()) {
                lamb.step();
                lamb.report(lamb.newReport());
                g[0] = Float.NaN;
                lamb.step(); // skipped: no new norms
                lamb.report(lamb.newReport());
              }
            });
    List<RecordedEvent> layers =
        events.stream().filter(event -> event.getEventType().getName().equals(LAYER)).toList();
    assertEquals(
        List.of("three", "five", "bias"),
        layers.stream().map(event -> event.getString("name")).toList());
    assertEquals(List.of(1L, 1L, 1L), steps(layers));
    assertEquals(5, layers.get(1).getDouble("weightNorm"));
    assertEquals(1, layers.get(1).getDouble("updateNorm"), 1e-5);
    assertEquals(5, layers.get(1).getDouble("trustRatio"), 1e-5);
    assertEquals(1, layers.get(2).getDouble("trustRatio"));
  }

  @Test
  void shouldRecordStepsButNotLayersByDefault() throws IOException {
    try (Recording recording = new Recording();
        Lamb lamb = builder().build()) {
      recording.start();
      lamb.step();
      lamb.report(lamb.newReport());
      recording.stop();
      List<RecordedEvent> events = events(recording);
      assertEquals(1, events.size());
      assertEquals(STEP, events.get(0).getEventType().getName());
    }
  }

  @Test
  void shouldLabelEachField() {
    for (Class<? extends jdk.jfr.Event> event : List.of(StepEvent.class, LayerEvent.class)) {
      EventType type = EventType.getEventType(event);
      assertEquals(List.of("lamb4j"), type.getCategoryNames());
      assertNotNull(type.getLabel());
      assertNotNull(type.getDescription());
      for (ValueDescriptor field : type.getFields()) {
        assertNotNull(field.getLabel(), field.getName());
      }
    }
  }

  private List<String> lines() {
    return log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  void shouldLogReportedStep() {
    try (Lamb lamb = builder().maxGradNorm(1).build();
        Lamb other = builder().build()) {
      StepReport report = lamb.newReport();
      lamb.report(report);
      assertEquals(List.of(), lines());
      lamb.step();
      assertEquals(List.of(), lines());
      lamb.report(report);
      other.step();
      other.layerStats();
      assertEquals(
          List.of(
              "step 1, 0 skipped, gradient norm 1.732, learning rate 0.1000 to 0.2000,"
                  + " trust ratio 3.000 (three) to 5.000 (five)",
              "step 1, 0 skipped, learning rate 0.1000 to 0.2000,"
                  + " trust ratio 3.000 (three) to 5.000 (five)"),
          lines());
      assertEquals(Level.DEBUG, log.list.get(0).getLevel());
      assertEquals("io.github.lamb4j.Lamb", log.list.get(0).getLoggerName());
    }
  }

  @Test
  void shouldLogAtMostOncePerSecond() {
    long[] now = {Long.MAX_VALUE - 5}; // System.nanoTime() may overflow
    Telemetry telemetry = new Telemetry(() -> now[0]);
    try (Lamb lamb = builder().build()) {
      StepReport report = lamb.newReport();
      long[] waits = {0, 0, 1, SECOND - 2, 1, 1, SECOND - 1, 5 * SECOND};
      for (long wait : waits) {
        now[0] += wait;
        lamb.step();
        refill(lamb, report);
        telemetry.reported((ReportData) report);
      }
      now[0] += 10 * SECOND;
      telemetry.reported((ReportData) report); // no new step
    }
    assertEquals(
        List.of("step 1,", "step 5,", "step 7,", "step 8,"),
        lines().stream().map(line -> line.substring(0, 7)).toList());
  }

  @Test
  void shouldNotReadClockWhenDebugIsOff() {
    logger.setLevel(Level.INFO);
    Telemetry telemetry =
        new Telemetry(
            () -> {
              throw new AssertionError("the clock must not be read");
            });
    try (Lamb lamb = builder().build()) {
      StepReport report = lamb.newReport();
      lamb.step();
      lamb.report(report);
      telemetry.reported((ReportData) report);
    }
    assertEquals(List.of(), lines());
  }

  /** Fills a report without a log line from the optimizer. */
  private void refill(Lamb lamb, StepReport report) {
    logger.setLevel(Level.INFO);
    lamb.report(report);
    logger.setLevel(Level.DEBUG);
  }
}
