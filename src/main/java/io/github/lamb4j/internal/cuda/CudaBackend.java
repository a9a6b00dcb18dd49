package io.github.lamb4j.internal.cuda;

import static io.github.lamb4j.internal.cuda.driver.CudaDriver.DeviceAttribute.MULTIPROCESSORS;

import io.github.lamb4j.error.CollectiveException;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.numerics.HalfFormat;
import io.github.lamb4j.internal.spi.Backend;
import io.github.lamb4j.internal.spi.BackendSettings;
import io.github.lamb4j.internal.spi.ReportSink;
import io.github.lamb4j.internal.spi.StreamHandle;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.DeviceParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.model.StateArray;
import io.github.lamb4j.model.TensorArray;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Steps on a CUDA device, in the caller's context, on the caller's stream and pointers. */
public final class CudaBackend implements Backend {

  private final CudaDriver driver;
  private final CudaStream stream;
  private List<ParameterGroup> parameterGroups;
  private final long context;
  private final DeviceArrays arrays;
  private final long module;
  private final StreamOrder order;
  private final ReportBlock report;
  private final List<CudaGroup> groups = new ArrayList<>();
  private final Accumulation accumulation;
  private final ArrayMoves moves;
  private final CudaGradientNorm gradients;
  private final StepStart start;
  private final StepExchange exchange;
  private final boolean anyLans;

  /**
   * Loads the kernels and allocates tables and state: zero moments, and masters equal to the
   * weights.
   *
   * @param groups groups of device parameters
   * @param settings gradient handling, path and reported norms
   * @throws IllegalStateException if the thread has no current context, or the device or driver is
   *     too old
   * @throws CudaException if a driver call fails; everything allocated so far is freed
   */
  public CudaBackend(
      CudaDriver driver, CudaStream stream, List<ParameterGroup> groups, BackendSettings settings) {
    this(driver, stream, groups, settings, StepExchange.NONE);
  }

  /**
   * With fragments of parameters.
   *
   * @param exchange connects them to the other ranks
   */
  CudaBackend(
      CudaDriver driver,
      CudaStream stream,
      List<ParameterGroup> groups,
      BackendSettings settings,
      StepExchange exchange) {
    this.exchange = exchange;
    this.driver = driver;
    this.stream = stream;
    parameterGroups = groups;
    context = driver.currentContext();
    DeviceChecks.requireContext(driver, stream);
    DeviceChecks.requireCapable(driver);
    groups.forEach(group -> DeviceChecks.requireMapped(driver, group.parameters()));
    DeviceChecks.requireMapped(driver, settings.gradients());
    DeviceChecks.requireMemory(driver, groups);
    arrays = new DeviceArrays(driver, stream);
    module = driver.loadModule(Kernels.ptx());
    try {
      order = new StreamOrder(driver, stream);
      Window window = Window.of(driver);
      Launcher launcher =
          new Launcher(driver, stream, module, driver.attribute(MULTIPROCESSORS), window);
      report = new ReportBlock(driver, stream, arrays, groups);
      gradients =
          new CudaGradientNorm(launcher, arrays, groups, settings.gradients(), report.control());
      start = new StepStart(launcher, arrays, groups, report);
      accumulation = new Accumulation(launcher);
      moves = new ArrayMoves(launcher);
      for (int g = 0; g < groups.size(); g++) {
        CudaGroup group =
            new CudaGroup(
                launcher,
                arrays,
                groups.get(g),
                g,
                report,
                gradients.sumsOf(g),
                start.hyperparameters(g),
                settings,
                exchange);
        group.beginMasters(accumulation);
        this.groups.add(group);
      }
      anyLans = this.groups.stream().anyMatch(group -> group.lans);
    } catch (RuntimeException | Error e) {
      release(e);
      throw e;
    }
  }

  @Override
  public void requireUsable() {
    long current = driver.currentContext();
    if (current != context) {
      throw new IllegalStateException(
          (current == 0
                  ? "this thread has no current CUDA context"
                  : "this thread's current CUDA context is not the optimizer's")
              + ": call cuCtxSetCurrent with the context in which the optimizer was built, or cudaSetDevice with its device");
    }
  }

  @Override
  public boolean isCapturing() {
    return DeviceChecks.isCapturing(driver, stream);
  }

  @Override
  public void step(double[] learningRates, long[] steps) {
    try {
      order.atHome();
    } catch (CudaException e) {
      throw new StepNotStarted(e);
    }
    enqueueStep(stream, learningRates, steps);
  }

  @Override
  public boolean hasStreams() {
    return true;
  }

  @Override
  public void requireStream(StreamHandle other) {
    if (DeviceChecks.isCapturing(driver, (CudaStream) other)) {
      throw new IllegalStateException(
          "step on a stream: the stream is being captured; build the optimizer on the stream that captures steps");
    }
    if (isCapturing()) {
      throw new IllegalStateException(
          "step on a stream: the optimizer's own stream is being captured; call step() to capture a step");
    }
  }

  @Override
  public void step(StreamHandle other, double[] learningRates, long[] steps) {
    CudaStream visited = (CudaStream) other;
    if (visited.equals(stream)) {
      step(learningRates, steps);
      return;
    }
    try {
      order.visit(visited);
    } catch (CudaException e) {
      throw new StepNotStarted(e);
    }
    try {
      enqueueStep(visited, learningRates, steps);
    } catch (RuntimeException | Error e) {
      order.leave(visited, e);
      throw e;
    }
    order.leave(visited);
  }

  private void enqueueStep(CudaStream on, double[] learningRates, long[] steps) {
    start.setRates(learningRates, steps);
    beginStep(on);
    finishStep(on);
  }

  @Override
  public void captureStep() {
    if (order.isAway()) {
      throw new StepNotStarted(notRecordable("step"));
    }
    if (!exchange.isCapturable()) {
      throw new StepNotStarted(
          new IllegalStateException(
              "step: the stream is being captured, and the collective's exchanges cannot be; step outside of a capture"));
    }
    start.usePreparedRates();
    try {
      beginStep(stream);
      finishStep(stream);
    } catch (CudaException e) {
      throw new StepNotStarted(e); // recorded work has not run
    }
  }

  /** This stream must still wait for a step on another one, which a capture cannot record. */
  private static IllegalStateException notRecordable(String call) {
    return new IllegalStateException(
        call
            + ": the last step was on another stream, for which a capture cannot wait;"
            + " call prepareReplays(n) after it and before the capture");
  }

  /** Enqueues everything up to and including the first launch that changes the state. */
  private void beginStep(CudaStream on) {
    try {
      exchange.sumGradients(on);
      if (gradients.computesNorm() || anyLans) {
        sumSquaredGradients(on);
      }
      gradients.decide(on);
    } catch (CudaException | CollectiveException e) {
      throw new StepNotStarted(e);
    }
    try {
      start.enqueueFirst(on);
    } catch (CudaException e) {
      if (gradients.countsSkips()) {
        throw e; // the count, or the end of the run, may have changed
      }
      throw new StepNotStarted(e);
    }
  }

  private void sumSquaredGradients(CudaStream on) {
    for (int i = 0; i < groups.size(); i++) { // an iterator would be allocated
      if (gradients.computesNorm() || groups.get(i).lans) {
        groups.get(i).sumGradientTiles(on);
      }
    }
    exchange.completePartials(on);
    for (int i = 0; i < groups.size(); i++) {
      if (gradients.computesNorm() || groups.get(i).lans) {
        groups.get(i).sumGradientSegments(on);
      }
    }
  }

  private void finishStep(CudaStream on) {
    start.enqueueOthers(on);
    if (exchange.isNeeded()) {
      finishStepOfAll(on);
      return;
    }
    for (int i = 0; i < groups.size(); i++) {
      groups.get(i).enqueueFirstPass(on);
      groups.get(i).enqueueSecondPass(on);
    }
  }

  private void finishStepOfAll(CudaStream on) {
    for (int i = 0; i < groups.size(); i++) {
      groups.get(i).enqueueFirstPass(on);
    }
    exchange.completePartials(on);
    if (anyLans) {
      exchange.completeGradientPartials(on);
    }
    for (int i = 0; i < groups.size(); i++) {
      groups.get(i).enqueueSecondPass(on);
    }
    exchange.gatherWeights(on);
  }

  @Override
  public void prepareRates(int group, long first, double[] rates) {
    order.atHome();
    start.prepareRates(group, first, rates);
    report.setKnownRates(group, first + rates.length - 1);
  }

  @Override
  public void report(ReportSink sink) {
    order.atHome();
    report.read(sink);
  }

  @Override
  public void read(int group, int parameter, StateArray array, long offset, FloatBuffer target) {
    order.atHome();
    long from = groups.get(group).address(parameter, array, offset);
    Transfers.toHost(driver, stream, from, target);
  }

  @Override
  public void write(int group, int parameter, StateArray array, long offset, FloatBuffer source) {
    order.atHome();
    FloatBuffer values = source.duplicate();
    long to = groups.get(group).address(parameter, array, offset);
    Transfers.toDevice(driver, stream, source, to);
    if (array == StateArray.MASTER) {
      roundIntoModel(parameter(group, parameter).weights(), offset, values);
    }
  }

  /** Rounds masters into half-precision weights, from an element on. */
  void roundIntoModel(DeviceArray model, long offset, FloatBuffer values) {
    HalfFormat format = model.type() == DType.F16 ? HalfFormat.F16 : HalfFormat.BF16;
    Transfers.toDeviceRounded(
        driver, stream, values, format, model.address() + offset * Short.BYTES);
  }

  @Override
  public void readWeights(int group, int parameter, long offset, FloatBuffer target) {
    order.atHome();
    Transfers.toHost(driver, stream, weights(group, parameter) + offset * Float.BYTES, target);
  }

  /** The device address of one element of the state. */
  long address(int group, int parameter, StateArray array, long element) {
    return groups.get(group).address(parameter, array, element);
  }

  /**
   * Makes this backend's stream wait for its earlier work, wherever that was enqueued.
   *
   * @param call what needs it, for the message
   */
  void atHome(String call) {
    if (order.isAway() && isCapturing()) {
      throw notRecordable(call);
    }
    order.atHome();
  }

  /** The address of a parameter's weights. */
  long weights(int group, int parameter) {
    return parameter(group, parameter).weights().address();
  }

  private DeviceParameter parameter(int group, int parameter) {
    Parameter p = parameterGroups.get(group).parameters().get(parameter);
    return (DeviceParameter) p;
  }

  @Override
  public void setSteps(long[] steps, long skipped) {
    order.atHome();
    report.setSteps(steps, skipped);
    for (int g = 0; g < groups.size(); g++) {
      groups.get(g).setStep(steps[g]);
    }
  }

  @Override
  public void move(List<ParameterGroup> moved) {
    DeviceChecks.requireMapped(driver, changed(parameterGroups, moved));
    try {
      if (isCapturing()) {
        throw new IllegalStateException(
            "move: the optimizer's stream is being captured; move before or after the capture, replays use the new addresses");
      }
      order.atHome();
    } catch (CudaException e) {
      throw new StepNotStarted(e);
    }
    moves.begin();
    for (int g = 0; g < groups.size(); g++) {
      groups.get(g).move(moved.get(g).parameters(), moves);
    }
    moves.finish();
    parameterGroups = moved;
  }

  /** The parameters that differ after a move. */
  static List<Parameter> changed(List<ParameterGroup> groups, List<ParameterGroup> moved) {
    List<Parameter> changed = new ArrayList<>();
    for (int g = 0; g < moved.size(); g++) {
      List<Parameter> before = groups.get(g).parameters();
      for (int p = 0; p < before.size(); p++) {
        Parameter after = moved.get(g).parameters().get(p);
        if (after != before.get(p)) {
          changed.add(after);
        }
      }
    }
    return changed;
  }

  @Override
  public void setFrozen(Set<String> names) {
    order.atHome();
    for (int g = 0; g < groups.size(); g++) {
      groups.get(g).setFrozen(names, report);
    }
  }

  @Override
  public void accumulate(int group, int parameter, TensorArray source) {
    accumulate(parameter(group, parameter), (DeviceArray) source);
  }

  /** Enqueues adding an array to a parameter's gradients. */
  void accumulate(DeviceParameter p, DeviceArray from) {
    if (order.isAway() && isCapturing()) {
      throw notRecordable("accumulate");
    }
    DeviceChecks.requireMapped(driver, p.name(), "gradients to add", from, p.count());
    accumulate(p.gradients().address(), from, p.count());
  }

  /** Enqueues adding an array to a binary32 array. */
  void accumulate(long to, DeviceArray from, long count) {
    order.atHome();
    accumulation.add(to, from, count);
  }

  /** Waits for the stream, so that no kernel uses freed memory, then frees everything. */
  @Override
  public void close() {
    requireUsable();
    order.atHome();
    driver.synchronize(stream);
    order.destroy();
    arrays.close();
    driver.unloadModule(module);
  }

  private void release(Throwable cause) {
    Cleanup.after(
        cause,
        () -> driver.synchronize(stream),
        order == null ? () -> {} : order::destroy,
        arrays::close,
        () -> driver.unloadModule(module));
  }
}
