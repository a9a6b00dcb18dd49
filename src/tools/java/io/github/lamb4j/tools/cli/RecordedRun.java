package io.github.lamb4j.tools.cli;

import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.runpage.RunHistory;
import io.github.lamb4j.internal.runpage.RunStep;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;

/**
 * Reads the events of a run from a Flight Recorder recording. The events of layers can be many
 * times those of steps, so they are read in a second pass, for the steps that are kept.
 */
final class RecordedRun {

  private static final String STEP = "io.github.lamb4j.Step";
  private static final String LAYER = "io.github.lamb4j.Layer";

  /** A reported step; events of its layers follow it on the same thread. */
  private record Reported(Instant time, String thread, RunStep step) {
    Reported with(RunStep kept) {
      return new Reported(time, thread, kept);
    }
  }

  /** The layers of a step, as they are read. */
  private static final class LayerList {
    private final List<String> names = new ArrayList<>();
    private final List<double[]> metrics = new ArrayList<>();

    void add(RecordedEvent event) {
      names.add(event.getString("name"));
      metrics.add(
          new double[] {
            event.getDouble("weightNorm"),
            event.getDouble("updateNorm"),
            event.getDouble("trustRatio")
          });
    }

    RunStep.Layers toLayers() {
      return new RunStep.Layers(List.copyOf(names), metric(0), metric(1), metric(2));
    }

    private double[] metric(int index) {
      return metrics.stream().mapToDouble(m -> m[index]).toArray();
    }
  }

  private final Path file;
  private final List<Reported> steps = new ArrayList<>();

  private RecordedRun(Path file) {
    this.file = file;
  }

  /**
   * Reads a run.
   *
   * @param thread the name of the thread that reported it; null if there is only one run
   * @throws BadInput if the file cannot be read, or has not exactly one run
   */
  static RunHistory read(Path file, String thread) {
    return new RecordedRun(file).read(thread);
  }

  private RunHistory read(String thread) {
    readEvents(STEP, event -> steps.add(reported(event)));
    if (steps.isEmpty()) {
      throw refusal(
          "has no events "
              + STEP
              + "; record while the program calls Lamb.report, with the steps to be shown");
    }
    steps.sort(Comparator.comparing(Reported::time)); // threads' buffers are not in order
    choose(thread);
    RunHistory history = new RunHistory();
    steps.replaceAll(reported -> reported.with(history.add(reported.step())));
    IdentityHashMap<RunStep, LayerList> layers = new IdentityHashMap<>();
    history.steps().forEach(step -> layers.put(step, new LayerList()));
    readLayers(layers);
    history.replaceAll(step -> step.with(layers.get(step).toLayers()));
    return history;
  }

  /** Keeps the steps of one run. */
  private void choose(String thread) {
    Set<String> threads =
        steps.stream().map(Reported::thread).collect(Collectors.toCollection(TreeSet::new));
    if (thread != null) {
      steps.removeIf(reported -> !reported.thread().equals(thread));
      if (steps.isEmpty()) {
        throw new BadInput(
            "--thread %s: no thread of the recording; it has %s"
                .formatted(Printable.value(thread), names(threads)));
      }
    } else if (threads.size() > 1 && !isOneRun()) {
      throw refusal("has runs of several threads; choose one with --thread: " + names(threads));
    }
  }

  private static String names(Set<String> threads) {
    return threads.stream().map(Printable::value).collect(Collectors.joining(", "));
  }

  /** A program may report from several threads; then its steps still follow each other. */
  private boolean isOneRun() {
    for (int i = 1; i < steps.size(); i++) {
      RunStep before = steps.get(i - 1).step();
      RunStep after = steps.get(i).step();
      if (after.step() + after.skipped() <= before.step() + before.skipped()) {
        return false;
      }
    }
    return true;
  }

  private void readLayers(IdentityHashMap<RunStep, LayerList> layers) {
    Map<String, TreeMap<Instant, RunStep>> byThread = new HashMap<>();
    for (Reported reported : steps) {
      byThread
          .computeIfAbsent(reported.thread(), t -> new TreeMap<>())
          .put(reported.time(), reported.step());
    }
    readEvents(
        LAYER,
        event -> {
          TreeMap<Instant, RunStep> own = byThread.getOrDefault(thread(event), new TreeMap<>());
          Map.Entry<Instant, RunStep> entry = own.floorEntry(event.getStartTime());
          if (entry != null
              && entry.getValue().step() == event.getLong("step")
              && layers.containsKey(entry.getValue())) {
            layers.get(entry.getValue()).add(event);
          }
        });
  }

  private void readEvents(String name, Consumer<RecordedEvent> reader) {
    try (RecordingFile recording = new RecordingFile(file)) {
      while (recording.hasMoreEvents()) {
        RecordedEvent event = recording.readEvent();
        if (event.getEventType().getName().equals(name)) {
          reader.accept(event);
        }
      }
    } catch (IOException | RuntimeException e) { // the parser trusts what it reads
      String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      throw refusal("is not a complete recording: " + reason);
    }
  }

  private BadInput refusal(String problem) {
    return new BadInput(Printable.path(file) + ": " + problem);
  }

  private static Reported reported(RecordedEvent event) {
    double low = event.getDouble("smallestLearningRate");
    double high = event.getDouble("largestLearningRate");
    List<RunStep.Rate> rates =
        low == high
            ? List.of(new RunStep.Rate("learning rate", low))
            : List.of(new RunStep.Rate("smallest", low), new RunStep.Rate("largest", high));
    RunStep step =
        new RunStep(
            event.getLong("step"),
            event.getLong("skippedSteps"),
            event.getDouble("gradientNorm"),
            rates,
            event.getDouble("weightNorm"),
            event.getDouble("updateNorm"),
            extreme(event, "smallestTrustRatio"),
            extreme(event, "largestTrustRatio"),
            RunStep.Layers.NONE);
    return new Reported(event.getStartTime(), thread(event), step);
  }

  private static RunStep.Extreme extreme(RecordedEvent event, String field) {
    String layer = event.getString(field + "Layer");
    return layer == null
        ? RunStep.Extreme.NONE
        : new RunStep.Extreme(layer, event.getDouble(field));
  }

  private static String thread(RecordedEvent event) {
    RecordedThread thread = event.getThread();
    if (thread == null) {
      return "unknown";
    }
    String name = thread.getJavaName();
    return name == null || name.isEmpty() ? Long.toString(thread.getJavaThreadId()) : name;
  }
}
