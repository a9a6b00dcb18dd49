package io.github.lamb4j.internal.cuda;

import static io.github.lamb4j.internal.cuda.driver.CudaDriver.DeviceAttribute.MULTIPROCESSORS;

import io.github.lamb4j.error.CollectiveException;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.numerics.Tiling;
import io.github.lamb4j.internal.sharding.ShardPlan;
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
import io.github.lamb4j.sharding.Collective;
import io.github.lamb4j.sharding.DeviceCollective;
import io.github.lamb4j.sharding.HostCollective;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Steps on a CUDA device whose gradients are sums, over ranks, micro-batches or both. The fragments
 * of the parameters that this rank owns, and their state, are in a {@link CudaBackend}. The bits
 * are those of a single rank that adds all gradients itself. The twin of {@code ShardedCpuBackend}.
 */
public final class ShardedCudaBackend implements Backend {

  private final CudaDriver driver;
  private final CudaStream stream;
  private final int rank;
  private final ShardPlan plan;
  private final DeviceArrays arrays;
  private final long module;
  private final ShardTables tables;

  /** Null with one rank. */
  private final RankTransport transport;

  private final ShardSums sums;
  private final ArrayMoves moves;
  private final CudaBackend backend;
  private List<ParameterGroup> groups;
  private List<ParameterGroup> fragments;

  /** Allocates state and tables, and gives all ranks the weights of the first. */
  public ShardedCudaBackend(
      CudaDriver driver, CudaStream stream, List<ParameterGroup> groups, BackendSettings settings) {
    this.driver = driver;
    this.stream = stream;
    this.groups = groups;
    rank = settings.collective().map(Collective::rank).orElse(0);
    plan = new ShardPlan(groups, settings.collective().map(Collective::size).orElse(1));
    DeviceChecks.requireContext(driver, stream);
    DeviceChecks.requireCapable(driver);
    groups.forEach(group -> DeviceChecks.requireMapped(driver, group.parameters()));
    arrays = new DeviceArrays(driver, stream);
    module = driver.loadModule(Kernels.ptx());
    try {
      Launcher launcher =
          new Launcher(
              driver, stream, module, driver.attribute(MULTIPROCESSORS), Window.of(driver));
      tables = new ShardTables(launcher, arrays, groups, plan, rank, settings.microBatches());
      moves = new ArrayMoves(launcher);
      transport = plan.ranks() == 1 ? null : transport(settings.collective().orElseThrow());
      sums =
          transport == null
              ? null
              : new ShardSums(driver, arrays, transport, plan, rank, groups, tables.kept);
      if (transport != null) {
        tables.broadcastWeights(transport, stream); // before masters are formed from them
        transport.await(driver, stream); // what follows waits without a time limit
      }
      fragments = fragments(groups);
      backend =
          new CudaBackend(
              driver,
              stream,
              fragments,
              settings,
              transport == null ? StepExchange.NONE : new Exchange());
    } catch (RuntimeException | Error e) {
      release(e);
      throw e;
    }
  }

  private RankTransport transport(Collective collective) {
    return collective instanceof DeviceCollective device
        ? RankTransport.of(device)
        : new StagedTransport(driver, (HostCollective) collective);
  }

  private List<ParameterGroup> fragments(List<ParameterGroup> wholes) {
    List<ParameterGroup> result = new ArrayList<>();
    for (int g = 0; g < wholes.size(); g++) {
      ParameterGroup group = wholes.get(g);
      List<Parameter> own = new ArrayList<>();
      for (int p = 0; p < group.parameters().size(); p++) {
        Parameter whole = group.parameters().get(p);
        boolean kept = fragments != null && whole == groups.get(g).parameters().get(p);
        own.add(
            kept
                ? fragments.get(g).parameters().get(p) // identity tells what has moved
                : fragment(g, p, (DeviceParameter) whole));
      }
      result.add(new ParameterGroup(group.name(), group.hyperparameters(), own));
    }
    return result;
  }

  private DeviceParameter fragment(int group, int parameter, DeviceParameter whole) {
    long from = plan.from(rank, group, parameter);
    int tile = plan.firstTile(group, parameter) + (int) (from / Tiling.TILE_ELEMENTS);
    boolean sums = plan.ranks() > 1 || tables.sumsMicroBatches();
    return new DeviceParameter(
        whole.name(),
        slice(whole.weights(), from),
        sums ? new DeviceArray(tables.gradients(tile), DType.F32) : whole.gradients(),
        whole.modelCopy().map(copy -> slice(copy, from)),
        plan.count(rank, group, parameter));
  }

  private static DeviceArray slice(DeviceArray array, long from) {
    return array.address() == 0
        ? array
        : new DeviceArray(array.address() + from * array.type().bytes(), array.type());
  }

  /** The exchanges of a step. */
  private final class Exchange implements StepExchange {

    @Override
    public boolean isNeeded() {
      return true;
    }

    @Override
    public boolean isCapturable() {
      return transport.isCapturable();
    }

    @Override
    public long wholeCount(int group, int segment, long own) {
      return plan.count(group, segment);
    }

    @Override
    public int firstTile(int group) {
      return sums.firstTile(group);
    }

    @Override
    public long partials(int group) {
      return sums.partials(group);
    }

    @Override
    public long gradientPartials(int group) {
      return sums.gradientPartials(group);
    }

    @Override
    public void sumGradients(CudaStream on) {
      tables.sumRanks(transport, on);
    }

    @Override
    public void completePartials(CudaStream on) {
      sums.completePartials(on);
    }

    @Override
    public void completeGradientPartials(CudaStream on) {
      sums.completeGradientPartials(on);
    }

    @Override
    public void gatherWeights(CudaStream on) {
      tables.gatherWeights(transport, on);
    }
  }

  /** Waits for the device, but not for a peer that has failed. */
  private void awaitPeers() {
    if (transport != null) {
      backend.atHome("waiting for the other ranks");
      transport.await(driver, stream);
    }
  }

  @Override
  public void requireUsable() {
    backend.requireUsable();
  }

  @Override
  public boolean isCapturing() {
    return backend.isCapturing();
  }

  @Override
  public void addMicroBatch(int index) {
    try {
      backend.atHome("addMicroBatch");
    } catch (CudaException | IllegalStateException e) {
      throw new StepNotStarted(e);
    }
    tables.addMicroBatch(index, stream);
  }

  @Override
  public void step(double[] learningRates, long[] steps) {
    backend.step(learningRates, steps);
  }

  @Override
  public boolean hasStreams() {
    return true;
  }

  @Override
  public void requireStream(StreamHandle other) {
    backend.requireStream(other);
  }

  @Override
  public void step(StreamHandle other, double[] learningRates, long[] steps) {
    backend.step(other, learningRates, steps);
  }

  @Override
  public void captureStep() {
    backend.captureStep();
  }

  @Override
  public void prepareRates(int group, long first, double[] rates) {
    awaitPeers();
    backend.prepareRates(group, first, rates);
  }

  @Override
  public void report(ReportSink sink) {
    awaitPeers();
    backend.report(sink);
  }

  /** Each rank in turn sends the elements that it owns. */
  @Override
  public void read(int group, int parameter, StateArray array, long offset, FloatBuffer target) {
    if (transport == null) {
      backend.read(group, parameter, array, offset, target);
      return;
    }
    awaitPeers();
    long length = target.remaining();
    for (int root = 0; root < plan.ranks(); root++) {
      ShardPlan.Part part = plan.part(root, group, parameter, offset, length);
      if (!part.isEmpty()) {
        long within = part.first() - plan.from(root, group, parameter);
        long address =
            root == rank ? backend.address(group, parameter, array, within) : tables.received;
        transport.broadcast(address, (long) part.length() * Float.BYTES, root, stream);
        awaitPeers();
        Transfers.toHost(driver, stream, address, target.slice(target.position(), part.length()));
        target.position(target.position() + part.length());
      }
    }
  }

  @Override
  public void readWeights(int group, int parameter, long offset, FloatBuffer target) {
    long address = whole(group, parameter).weights().address();
    awaitPeers();
    Transfers.toHost(driver, stream, address + offset * Float.BYTES, target);
  }

  private DeviceParameter whole(int group, int parameter) {
    return (DeviceParameter) groups.get(group).parameters().get(parameter);
  }

  @Override
  public void write(int group, int parameter, StateArray array, long offset, FloatBuffer source) {
    awaitPeers();
    ShardPlan.Part own = plan.part(rank, group, parameter, offset, source.remaining());
    if (!own.isEmpty()) {
      int at = source.position() + (int) (own.first() - offset);
      long within = own.first() - plan.from(rank, group, parameter);
      backend.write(group, parameter, array, within, source.slice(at, own.length()));
    }
    if (array == StateArray.MASTER) { // of all ranks
      backend.roundIntoModel(whole(group, parameter).weights(), offset, source.duplicate());
    }
  }

  @Override
  public void setSteps(long[] steps, long skipped) {
    awaitPeers();
    backend.setSteps(steps, skipped);
  }

  @Override
  public void setFrozen(Set<String> names) {
    awaitPeers();
    backend.atHome("freeze or unfreeze");
    tables.wholes.forEach(whole -> whole.setFrozen(names));
    if (sums != null) {
      sums.setFrozen(names);
    }
    backend.setFrozen(names);
  }

  @Override
  public void accumulate(int group, int parameter, TensorArray source) {
    backend.accumulate(whole(group, parameter), (DeviceArray) source);
  }

  @Override
  public void move(List<ParameterGroup> moved) {
    List<ParameterGroup> movedFragments = fragments(moved);
    DeviceChecks.requireMapped(driver, CudaBackend.changed(groups, moved));
    backend.move(movedFragments);
    moves.begin();
    for (int g = 0; g < moved.size(); g++) {
      tables.wholes.get(g).move(moved.get(g).parameters(), moves);
    }
    moves.finish();
    groups = moved;
    fragments = movedFragments;
  }

  @Override
  public void close() {
    if (transport != null) {
      backend.atHome("close");
      awaitLast();
    }
    backend.close();
    arrays.close();
    driver.unloadModule(module);
  }

  private void awaitLast() {
    try {
      transport.await(driver, stream);
    } catch (CollectiveException e) {
      // Closing the collective ends what waits for a peer. Before that, waiting might not end.
      if (!driver.isIdle(stream)) {
        throw e;
      }
    } catch (IllegalStateException e) {
      // The collective is closed: nothing waits for a peer any more.
    }
  }

  private void release(Throwable cause) {
    if (!waitsForPeer(cause)) {
      Cleanup.after(
          cause,
          () -> driver.synchronize(stream),
          arrays::close,
          () -> driver.unloadModule(module));
    }
  }

  /** Whether freeing memory, which waits for the device, might never end. */
  private boolean waitsForPeer(Throwable cause) {
    try {
      return cause instanceof CollectiveException && !driver.isIdle(stream);
    } catch (CudaException e) {
      cause.addSuppressed(e);
      return false;
    }
  }
}
