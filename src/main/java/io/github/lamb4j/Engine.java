package io.github.lamb4j;

import io.github.lamb4j.Model.Place;
import io.github.lamb4j.core.Backend;
import io.github.lamb4j.core.Backend.StepNotStarted;
import io.github.lamb4j.core.GradientOptions;
import io.github.lamb4j.core.StateArray;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.function.Function;

/**
 * What an optimizer is at a time: a model, a backend with its state, and the step that they have
 * come to. {@link Lamb} documents the calls, and sees to it that there is one at a time.
 */
final class Engine {

  private final Class<? extends Parameter> kind;
  private final GradientOptions options;
  private final Function<List<ParameterGroup>, Backend> backends;
  private final Telemetry telemetry = new Telemetry(System::nanoTime);
  private final List<Backend> replaced = new ArrayList<>();
  private Model model;
  private Backend backend;
  private StepClock clock;
  private StepReport own;
  private long resumedAt;
  private boolean captured;
  private String failed;
  private Throwable failure;

  /**
   * Makes the backend.
   *
   * @param kind of the parameters
   * @param backends makes one for other groups, when these change
   */
  Engine(
      Model model,
      Class<? extends Parameter> kind,
      GradientOptions options,
      Function<List<ParameterGroup>, Backend> backends) {
    this.kind = kind;
    this.options = options;
    this.backends = backends;
    install(model, backends.apply(model.groups), new long[model.groups.size()], 0);
  }

  private void install(Model model, Backend backend, long[] began, long step) {
    this.model = model;
    this.backend = backend;
    own = newReport();
    clock = new StepClock(model.groups, began, step);
    resumedAt = step;
    captured = false;
  }

  List<ParameterGroup> groups() {
    return model.groups;
  }

  StepReport newReport() {
    return new StepReport(model.groups, options.knowsNorm());
  }

  void requireUsable() {
    backend.requireUsable();
  }

  void requireSound() {
    if (failure != null) {
      throw new IllegalStateException(
          failed + " failed part-way: restore weights and a saved state into a new optimizer",
          failure);
    }
  }

  private void fail(String what, Throwable cause) {
    failed = what;
    failure = cause;
    requireSound();
  }

  void requireNotCapturing(String call) {
    if (backend.isCapturing()) {
      throw new IllegalStateException(
          call + ": the stream is being captured, and this waits for it; end the capture first");
    }
  }

  void step() {
    boolean capturing = backend.isCapturing();
    if (capturing) {
      clock.beginCapture();
    } else {
      if (captured) {
        refresh(own); // replays, which the host does not see, move the step count
      }
      clock.beginStep();
    }
    try {
      backend.step(clock.rates(), clock.rateSteps());
    } catch (StepNotStarted e) {
      throw e.reason();
    } catch (RuntimeException | Error e) {
      fail("step " + clock.next(), e);
    }
    clock.stepDone();
    captured |= capturing;
  }

  void prepareReplays(int steps) {
    requireNotCapturing("prepareReplays");
    refresh(own);
    clock.prepareReplays(backend, steps);
  }

  void accumulate(String parameter, TensorArray source) {
    Place place = model.placeOf(parameter);
    AccumulateChecks.requireFitting(model.at(place), source);
    backend.accumulate(place.group(), place.parameter(), source);
  }

  /** What the last step found; asked for by us, and no report. */
  StepReport refresh() {
    refresh(own);
    return own;
  }

  void report(StepReport report) {
    refresh(report);
    telemetry.reported(report);
    requireNotHalted(report);
  }

  /** Fills a report; from then on the host knows again which step each group has come to. */
  private void refresh(StepReport report) {
    requireNotCapturing("a report");
    backend.report(report.sink(clock.began(0)));
    clock.read(report);
  }

  private void requireNotHalted(StepReport report) {
    if (report.isHalted()) {
      throw new IllegalStateException(
          ("the gradients were not finite at step %d, or their loss scale or divisor not above 0 (their norm is %s), and that step and every one since were skipped:"
                  + " weights and moments are those of step %d; load a state or call resumeAt(...) to go on")
              .formatted(report.step() + 1, report.gradientNorm(), report.step()));
    }
  }

  private void requireStepTaken() {
    if (own.step() == resumedAt) {
      throw new IllegalStateException(
          "no step was taken yet%s%s: call step() first"
              .formatted(
                  resumedAt == 0 ? "" : " since step " + resumedAt,
                  own.skippedSteps() == 0 ? "" : ", " + own.skippedSteps() + " skipped"));
    }
  }

  List<LayerNorms> layerNorms() {
    report(own);
    requireStepTaken();
    List<LayerNorms> result = new ArrayList<>(own.layerCount());
    for (int i = 0; i < own.layerCount(); i++) {
      result.add(
          new LayerNorms(own.name(i), own.weightNorm(i), own.updateNorm(i), own.trustRatio(i)));
    }
    return result;
  }

  double gradientNorm() {
    if (!options.knowsNorm()) {
      throw new IllegalStateException(
          "the gradient norm is computed for clipping and for non-finite gradients only:"
              + " build with maxGradNorm(...) or nonFiniteGradients(...)");
    }
    report(own);
    requireStepTaken();
    return own.gradientNorm();
  }

  void read(String parameter, StateArray array, long offset, FloatBuffer target) {
    Place place = placeOf(parameter, array, offset, target.remaining());
    backend.read(place.group(), place.parameter(), array, offset, target);
  }

  void write(String parameter, StateArray array, long offset, FloatBuffer source) {
    Place place = placeOf(parameter, array, offset, source.remaining());
    backend.write(place.group(), place.parameter(), array, offset, source);
  }

  private Place placeOf(String parameter, StateArray array, long offset, long length) {
    requireNotCapturing("reading or writing state");
    Place place = model.placeOf(parameter, offset, length);
    if (array == StateArray.MASTER && !model.at(place).ownsMaster()) {
      throw new IllegalArgumentException(
          "parameter %s: its weights are F32 and the program's own; only half weights have a master"
              .formatted(parameter));
    }
    return place;
  }

  void resumeAt(long step) {
    resume(new long[model.groups.size()], step, 0);
  }

  private void resume(long[] began, long step, long skipped) {
    requireNotCapturing("resumeAt");
    StepClock resumed = new StepClock(model.groups, began, step);
    backend.setSteps(resumed.steps(), skipped);
    clock = resumed;
    resumedAt = step;
    telemetry.begin(step, skipped);
  }

  void save(Path file) throws IOException {
    requireNotCapturing("save");
    refresh(own);
    StateFile.save(
        file,
        model,
        backend,
        StateMetadata.of(model.groups, options, own.step(), own.skippedSteps(), clock.steps()));
  }

  void load(Path file, LoadOption... accepted) throws IOException {
    requireNotCapturing("load");
    try (StateFile state = StateFile.open(file, model, options, accepted)) {
      restore(state);
    }
  }

  private void restore(StateFile state) {
    try {
      state.restore(backend);
      StateMetadata saved = state.metadata();
      resume(saved.began(), saved.step(), saved.skipped());
    } catch (IOException | RuntimeException | Error e) {
      fail("loading " + state, e);
    }
  }

  void remove(Collection<String> names) {
    for (String name : names) {
      model.placeOf(name);
    }
    List<ParameterGroup> left = model.without(new HashSet<>(names));
    if (left.isEmpty()) {
      throw new IllegalArgumentException(
          "parameters to be removed: all of them; close() the optimizer instead");
    }
    regroup(left);
  }

  /** Goes on with other groups; what stays keeps its state. */
  void regroup(List<ParameterGroup> groups) {
    report(own);
    Model changed = new Model(groups, kind);
    long[] began = new long[groups.size()];
    for (int g = 0; g < began.length; g++) {
      int before = model.indexOf(groups.get(g).name());
      began[g] = before < 0 ? own.step() : clock.began(before);
    }
    Backend old = backend;
    Backend next = backends.apply(changed.groups);
    try {
      changed.copyState(model, old, next);
      next.setSteps(new StepClock(changed.groups, began, own.step()).steps(), own.skippedSteps());
    } catch (RuntimeException | Error e) {
      next.close();
      throw e;
    }
    install(changed, next, began, own.step());
    replaced.add(old);
    closeReplaced();
  }

  /** What fails to close is tried again when the optimizer is closed. */
  private void closeReplaced() {
    while (!replaced.isEmpty()) {
      replaced.get(0).close();
      replaced.remove(0);
    }
  }

  void close() {
    requireNotCapturing("close");
    closeReplaced();
    backend.close();
  }
}
