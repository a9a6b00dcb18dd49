package io.github.lamb4j.internal.engine;

import io.github.lamb4j.config.LoadOption;
import io.github.lamb4j.config.SaveOption;
import io.github.lamb4j.internal.engine.Model.Place;
import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.internal.spi.Backend.StepNotStarted;
import io.github.lamb4j.internal.spi.BackendFactory;
import io.github.lamb4j.internal.spi.BackendSettings;
import io.github.lamb4j.internal.spi.StreamHandle;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.model.TensorArray;
import io.github.lamb4j.report.LayerStats;
import io.github.lamb4j.report.StepReport;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The mutable state behind {@code Lamb}: model, backend and step count. Not thread-safe; Lamb
 * serializes access, checks that the thread can use the backend, and documents the calls.
 */
public final class Engine {

  private final BackendFactory backends;
  private final BackendSettings settings;
  private final Telemetry telemetry = new Telemetry(System::nanoTime);
  private final ReportChecks checks;
  private final Peers peers;

  /** Backends of earlier groups that could not be closed yet. */
  private final List<Backend> replaced = new ArrayList<>();

  private Model model;
  private Backend backend;
  private StepClock clock;

  /** The names of frozen parameters, in order; replaced, never changed. */
  private Set<String> frozen = Set.of();

  /** For calls that need a report but are not given one. */
  private ReportData own;

  private long resumedAt;

  /** Whether a step was captured, so that replays may have moved the device's step count. */
  private boolean captured;

  private final MicroBatchCount microBatches;

  private final Soundness soundness = new Soundness();

  /** Opens a backend for the model. */
  public Engine(Model model, BackendFactory backends, BackendSettings settings) {
    this.backends = backends;
    this.settings = settings;
    checks = new ReportChecks(settings.gradients());
    microBatches = new MicroBatchCount(settings.microBatches());
    peers = new Peers(settings);
    peers.requireSameOptimizer(model.groups, settings);
    StepClock start = new StepClock(model.groups, new long[model.groups.size()], 0);
    install(model, backends.open(model.groups, settings), start, 0);
  }

  private void install(Model model, Backend backend, StepClock clock, long step) {
    this.model = model;
    this.backend = backend;
    own = newReportData();
    this.clock = clock;
    resumedAt = step;
    captured = false;
  }

  public List<ParameterGroup> groups() {
    return model.groups;
  }

  public StepReport newReport() {
    return newReportData();
  }

  private ReportData newReportData() {
    return new ReportData(model.shape, settings.gradients().knowsNorm(), settings.norms());
  }

  public void requireUsable() {
    backend.requireUsable();
  }

  public void requireSound() {
    soundness.require();
  }

  /** Rejects a step on a stream of the caller's if the backend has none. */
  public void requireStreams() {
    if (!backend.hasStreams()) {
      throw new IllegalStateException(
          "step on a stream: this optimizer has host parameters and no stream; call step()");
    }
  }

  void requireNotCapturing(String call) {
    if (backend.isCapturing()) {
      throw new IllegalStateException(
          call
              + ": the stream is being captured; end the capture first, because this call waits for it");
    }
  }

  /**
   * Takes one step.
   *
   * @param stream another stream to enqueue it on, or null for the optimizer's own
   */
  public void step(StreamHandle stream) {
    if (stream != null) {
      backend.requireStream(stream);
    }
    boolean capturing = stream == null && backend.isCapturing();
    microBatches.requireAll(capturing);
    if (capturing) {
      clock.requirePreparedReplays();
    } else {
      if (captured) {
        refresh(own); // replays move the step count without the host
      }
      clock.beginStep();
      peers.requireSameStep(clock.next(), clock.rates(), frozen);
    }
    try {
      if (capturing) {
        backend.captureStep();
      } else if (stream != null) {
        backend.step(stream, clock.rates(), clock.steps());
      } else {
        backend.step(clock.rates(), clock.steps());
      }
    } catch (StepNotStarted e) {
      throw e.reason();
    } catch (RuntimeException | Error e) {
      soundness.fail("step " + clock.next(), e);
    }
    microBatches.clear();
    if (capturing) {
      captured = true;
    } else {
      clock.stepDone();
    }
  }

  /** Adds the gradients in memory to those of the next step. */
  public void addMicroBatch() {
    int index = microBatches.next(backend.isCapturing());
    try {
      backend.addMicroBatch(index);
    } catch (StepNotStarted e) {
      throw e.reason();
    } catch (RuntimeException | Error e) {
      soundness.fail("adding a micro-batch", e);
    }
    microBatches.increment();
  }

  public void discardMicroBatches() {
    microBatches.clear();
  }

  public void prepareReplays(int steps) {
    requireNotCapturing("prepareReplays");
    refresh(own);
    clock.prepareReplays(backend, steps);
  }

  public void move(Parameter... parameters) {
    Model moved = model.moved(backends.memory(), parameters);
    if (moved == model) {
      return;
    }
    try {
      backend.move(moved.groups);
    } catch (StepNotStarted e) {
      throw e.reason();
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw e;
    } catch (RuntimeException | Error e) {
      soundness.fail("move", e);
    }
    model = moved;
  }

  /** Sets the learning rate of a group's next steps. Calls neither the backend nor the schedule. */
  public void setLearningRate(String group, double rate) {
    int index = groupOf(group);
    if (!(rate >= 0) || Double.isInfinite(rate)) {
      throw new IllegalArgumentException(
          "group %s: learning rate %s: must be finite and at least 0".formatted(group, rate));
    }
    clock.setRate(index, rate);
  }

  /** As {@link #setLearningRate(String, double)}, for all groups. */
  public void setLearningRate(double rate) {
    for (ParameterGroup group : model.groups) {
      setLearningRate(group.name(), rate);
    }
  }

  public double learningRate(String group) {
    return clock.nextRate(groupOf(group));
  }

  private int groupOf(String name) {
    int index = model.indexOf(name);
    if (index < 0) {
      throw new IllegalArgumentException(
          "group " + name + ": unknown to this optimizer; see groups()");
    }
    return index;
  }

  /** Excludes parameters from steps, in addition to those that are frozen already. */
  public void freeze(Collection<String> names) {
    names.forEach(model::placeOf);
    Set<String> all = new HashSet<>(frozen);
    all.addAll(names);
    setFrozen(model.inOrder(all));
  }

  public void unfreeze(Collection<String> names) {
    names.forEach(model::placeOf);
    Set<String> left = new LinkedHashSet<>(frozen);
    left.removeAll(names);
    setFrozen(left);
  }

  private void setFrozen(Set<String> names) {
    requireNotCapturing("freeze or unfreeze");
    microBatches.requireNone("freeze or unfreeze");
    if (names.equals(frozen)) {
      return;
    }
    try {
      backend.setFrozen(names);
    } catch (RuntimeException | Error e) {
      soundness.fail("freezing or unfreezing parameters", e);
    }
    frozen = names;
  }

  public List<String> frozen() {
    return List.copyOf(frozen);
  }

  public void accumulate(String parameter, TensorArray source) {
    Place place = model.placeOf(parameter);
    AccumulateChecks.requireFitting(model.at(place), source);
    backend.accumulate(place.group(), place.parameter(), source);
  }

  /** Returns the current report without telemetry, and without failing if training has halted. */
  public StepReport refresh() {
    refresh(own);
    return own;
  }

  public void report(StepReport report) {
    if (!(report instanceof ReportData data) || data.groups() != model.shape) {
      throw new IllegalArgumentException(
          "report: %s; create one with newReport()"
              .formatted(
                  report == null ? "null" : "created for another optimizer or for earlier groups"));
    }
    requireUsable();
    report(data);
  }

  private void report(ReportData report) {
    refresh(report);
    telemetry.reported(report);
    checks.check(report, resumedAt);
  }

  /** Fills a report and corrects the host's step counts by it. */
  private void refresh(ReportData report) {
    requireNotCapturing("report");
    report.setFrozen(frozen);
    backend.report(report.sink(clock.began(0)));
    clock.correct(report);
  }

  private void requireStepTaken() {
    if (own.step() == resumedAt) {
      throw new IllegalStateException(
          "no step has been taken yet%s%s; call step() first"
              .formatted(
                  resumedAt == 0 ? "" : " since step " + resumedAt,
                  own.skippedSteps() == 0 ? "" : ", " + own.skippedSteps() + " skipped"));
    }
  }

  public List<LayerStats> layerStats() {
    report(own);
    requireStepTaken();
    List<LayerStats> result = new ArrayList<>(own.layerCount());
    for (int i = 0; i < own.layerCount(); i++) {
      result.add(
          new LayerStats(own.name(i), own.weightNorm(i), own.updateNorm(i), own.trustRatio(i)));
    }
    return result;
  }

  public double gradientNorm() {
    if (!settings.gradients().knowsNorm()) {
      throw new IllegalStateException(
          "gradient norm: computed only for clipping or a policy for non-finite gradients;"
              + " build with maxGradNorm(...), nonFiniteGradients(...) or gradientNorm(...)");
    }
    report(own);
    requireStepTaken();
    return own.gradientNorm();
  }

  public void read(String parameter, StateArray array, long offset, FloatBuffer target) {
    Place place = placeOf(parameter, array, offset, target.remaining());
    backend.read(place.group(), place.parameter(), array, offset, target);
  }

  public void write(String parameter, StateArray array, long offset, FloatBuffer source) {
    Place place = placeOf(parameter, array, offset, source.remaining());
    backend.write(place.group(), place.parameter(), array, offset, source);
    source.position(source.limit()); // also if the backend took slices of it
  }

  private Place placeOf(String parameter, StateArray array, long offset, long length) {
    requireNotCapturing("readState or writeState");
    Place place = model.placeOf(parameter, offset, length);
    if (array == StateArray.MASTER && !model.at(place).hasMaster()) {
      throw new IllegalArgumentException(
          "parameter %s: has no master, because its weights are F32; use the weights themselves"
              .formatted(parameter));
    }
    return place;
  }

  public void resumeAt(long step) {
    requireNotCapturing("resumeAt");
    microBatches.requireNone("resumeAt");
    StepClock resumed = new StepClock(model.groups, new long[model.groups.size()], step);
    lookUpRates(resumed);
    try {
      resume(resumed, step, 0);
    } catch (RuntimeException | Error e) {
      soundness.fail("setting the step count", e);
    }
  }

  /** Precedes {@link #resume}, before anything is changed: a schedule may fail. */
  private void lookUpRates(StepClock resumed) {
    resumed.keepSetRates(clock);
    if (captured) {
      resumed.beginStep();
    }
  }

  private void resume(StepClock resumed, long step, long skipped) {
    backend.setSteps(resumed.stepCounts(), skipped);
    if (captured) {
      resumed.prepareNext(backend);
    }
    clock = resumed;
    resumedAt = step;
    telemetry.begin(step, skipped);
    checks.begin();
  }

  public void save(Path file, SaveOption... options) throws IOException {
    requireNotCapturing("save");
    refresh(own);
    peers.requireSameProgress(own.step(), clock.lastRates());
    checkpoints().save(file, stepCounts(), this::read, options);
  }

  private Checkpoints checkpoints() {
    return new Checkpoints(model, backend, settings.gradients(), peers);
  }

  private StepCounts stepCounts() {
    List<StepCounts.Group> counts = new ArrayList<>();
    long[] steps = clock.stepCounts();
    double[] rates = clock.lastRates();
    for (int g = 0; g < steps.length; g++) {
      counts.add(new StepCounts.Group(steps[g], rates[g]));
    }
    return new StepCounts(own.step(), own.skippedSteps(), counts);
  }

  public void load(Path file, LoadOption... accepted) throws IOException {
    requireNotCapturing("load");
    microBatches.requireNone("load");
    try (StateFile state = checkpoints().open(file, clock::rateOf, accepted)) {
      restore(state);
    }
  }

  private void restore(StateFile state) {
    StateMetadata saved = state.metadata();
    StateFit fit = state.fit();
    StepClock resumed = new StepClock(model.groups, fit.began(model.groups), saved.step());
    resumed.setLastRates(fit.lastRates(model.groups));
    lookUpRates(resumed);
    try {
      peers.together("load", () -> state.read(model.groups, this::write));
      resume(resumed, saved.step(), saved.skipped());
    } catch (IOException | RuntimeException | Error e) {
      soundness.fail("loading " + state, e);
    }
  }

  public void remove(Collection<String> names) {
    for (String name : names) {
      model.placeOf(name);
    }
    List<ParameterGroup> left = model.without(new HashSet<>(names));
    if (left.isEmpty()) {
      throw new IllegalArgumentException(
          "parameters to remove: all of them; close() the optimizer instead");
    }
    regroup(left);
  }

  /** Replaces the groups; parameters in both keep their state. */
  public void regroup(List<ParameterGroup> groups) {
    microBatches.requireNone("changing the groups");
    report(own);
    Model changed = new Model(groups, backends.memory());
    peers.requireSameOptimizer(changed.groups, settings);
    long[] began = new long[groups.size()];
    for (int g = 0; g < began.length; g++) {
      int before = model.indexOf(groups.get(g).name());
      began[g] = before < 0 ? own.step() : clock.began(before);
    }
    StepClock kept = new StepClock(changed.groups, began, own.step());
    kept.keepSetRates(clock);
    kept.keepLastRates(clock);
    Set<String> left = changed.inOrder(frozen);
    Backend old = backend;
    Backend next = backends.open(changed.groups, settings);
    try {
      changed.copyState(model, old, next);
      next.setSteps(kept.stepCounts(), own.skippedSteps());
      if (!left.isEmpty()) {
        next.setFrozen(left);
      }
    } catch (RuntimeException | Error e) {
      next.close();
      throw e;
    }
    frozen = left;
    install(changed, next, kept, own.step());
    replaced.add(old);
    closeReplaced();
  }

  /** If one fails to close, it stays in the list for {@link #close}. */
  private void closeReplaced() {
    while (!replaced.isEmpty()) {
      replaced.get(0).close();
      replaced.remove(0);
    }
  }

  public void close() {
    requireUsable(); // first: without a context, asking about a capture fails in the driver
    requireNotCapturing("close");
    closeReplaced();
    backend.close();
  }
}
