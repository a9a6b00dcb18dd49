package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.config.UpdateRule;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.tools.bench.ForwardingDriver;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A step only enqueues kernels: it does not copy, allocate or wait. */
@Tag("gpu")
@Tag("jcuda")
class StepCallsTest {

  /** Calls that neither copy, allocate nor wait. */
  private static final Set<String> QUERIES = Set.of("currentContext", "isCapturing");

  /** Freezing changes tables in place. */
  private static final Set<String> FREEZING =
      Set.of("currentContext", "isCapturing", "copyToDevice", "copyToHost");

  @ParameterizedTest
  @CsvSource({
    "TWO_PASS, false, 7",
    "TWO_PASS, true, 12",
    "SINGLE_PASS, false, 3",
    "SINGLE_PASS, true, 8"
  })
  void shouldOnlyEnqueueKernels(StepPath path, boolean clip, int launches) {
    List<String> calls = new ArrayList<>();
    try (TestDevice device = TestDevice.open()) {
      long memory = device.upload(new byte[4 * 100], 0, "weights and gradients");
      var builder =
          LambBuilders.onCuda(recording(device.driver(), calls), device.stream()).path(path);
      for (int group = 0; group < 2; group++) {
        List<Parameter> members = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
          long at = memory + 4 * (group * 50 + i * 10);
          members.add(Parameter.onDevice("p" + group + i, pointer(at), pointer(at + 20), 5));
        }
        builder.group("group " + group, Hyperparameters.lamb(0.1), members);
      }
      if (clip) {
        builder.maxGradNorm(1);
      }
      try (Lamb lamb = builder.build()) {
        calls.clear();
        lamb.setLearningRate("group 1", 0.2);
        assertEquals(List.of(), calls);
        lamb.step();
        assertOnlyEnqueued(launches, calls);
        calls.clear();
        lamb.freeze("p00", "p13");
        assertTrue(FREEZING.containsAll(calls), calls::toString);
      }
    }
  }

  private static void assertOnlyEnqueued(int launches, List<String> calls) {
    assertEquals(
        launches,
        calls.stream().filter(call -> call.startsWith("enqueue")).count(),
        calls::toString);
    assertTrue(
        calls.stream().allMatch(call -> call.startsWith("enqueue") || QUERIES.contains(call)),
        calls::toString);
  }

  /**
   * All decisions that the device makes, for a group of LAMB and one of LANS: two launches for each
   * group's gradient norm, one to decide, one to begin the step, and the passes of the groups.
   */
  @ParameterizedTest
  @CsvSource({
    "TWO_PASS, SKIP, false, 13",
    "TWO_PASS, FAIL, false, 13",
    "SINGLE_PASS, SKIP, false, 11",
    "SINGLE_PASS, FAIL, true, 9",
    "TWO_PASS, PROPAGATE, true, 11"
  })
  void shouldOnlyEnqueueKernelsWhenTheDeviceDecides(
      StepPath path, NonFiniteGradients policy, boolean givenNorm, int launches) {
    List<String> calls = new ArrayList<>();
    try (TestDevice device = TestDevice.open();
        Lamb lamb = deciding(device, recording(device.driver(), calls), path, policy, givenNorm)) {
      calls.clear();
      lamb.step();
      assertOnlyEnqueued(launches, calls);
    }
  }

  /** Clips, unscales, divides and checks for non-finite gradients, on parameters in every form. */
  private static Lamb deciding(
      TestDevice device,
      CudaDriver driver,
      StepPath path,
      NonFiniteGradients policy,
      boolean givenNorm) {
    Side side = Side.cuda(device, path);
    TestArray scalars = side.array(DType.F32, 1, "scalar");
    scalars.put(2);
    LambBuilder builder = LambBuilders.onCuda(driver, device.stream()).path(path);
    new MixedModel(side, 1)
        .group("lamb", Hyperparameters.lamb(0.1), 1, 0, 0, 2, 0, 0, 3)
        .group("lans", Hyperparameters.lans(0.1), 1, 2)
        .groups
        .forEach(builder::group);
    if (givenNorm) {
      builder.gradientNorm(side.scalar(scalars));
    }
    return builder
        .maxGradNorm(1)
        .lossScale(side.scalar(scalars))
        .gradientDivisor(side.scalar(scalars))
        .nonFiniteGradients(policy)
        .build();
  }

  /** The number of launches does not depend on the number or size of parameters. */
  @ParameterizedTest
  @CsvSource({"TWO_PASS, LAMB, 7", "SINGLE_PASS, LAMB, 5", "TWO_PASS, LANS, 8"})
  void shouldLaunchTenThousandParametersAsOne(StepPath path, UpdateRule rule, int launches) {
    try (TestDevice device = TestDevice.open()) {
      LaunchingNothing driver = new LaunchingNothing(device.driver());
      int count = 10_000;
      long memory = device.upload(new byte[8 * 100 * count], 0, "weights and gradients");
      List<Parameter> members = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        long at = memory + 800L * i;
        members.add(Parameter.onDevice("p" + i, pointer(at), pointer(at + 400), 100));
      }
      Hyperparameters h = Hyperparameters.lamb(0.1).withUpdateRule(rule);
      try (Lamb lamb =
          LambBuilders.onCuda(driver, device.stream())
              .path(path)
              .group("all", h, members)
              .maxGradNorm(1)
              .build()) {
        driver.launches = 0;
        lamb.step();
        assertEquals(launches, driver.launches);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = StepPath.class,
      names = {"SINGLE_PASS", "TWO_PASS"})
  void shouldAllocateNothing(StepPath path) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (TestDevice device = TestDevice.open()) {
      CudaDriver driver = new LaunchingNothing(device.driver());
      try (Lamb lamb = deciding(device, driver, path, NonFiniteGradients.SKIP, false)) {
        // The minimum of several rounds: during warm-up the virtual machine itself allocates on
        // this thread.
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 10; round++) {
          long before = threads.getCurrentThreadAllocatedBytes();
          for (int step = 0; step < 500; step++) {
            lamb.setLearningRate("lamb", 0.1 + step);
            lamb.step();
          }
          least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(0, least);
      }
    }
  }

  @Test
  void shouldAllocateNothingOnAnotherStream() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (TestDevice device = TestDevice.open()) {
      CudaDriver driver = new LaunchingNothing(device.driver());
      try (Lamb lamb = deciding(device, driver, StepPath.AUTO, NonFiniteGradients.SKIP, false)) {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 10; round++) {
          long before = threads.getCurrentThreadAllocatedBytes();
          for (int step = 0; step < 500; step++) {
            lamb.step(7L);
          }
          least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(0, least);
      }
    }
  }

  /** A driver whose launches and queries do nothing, so that any allocation is the optimizer's. */
  private static final class LaunchingNothing extends ForwardingDriver {

    int launches;

    LaunchingNothing(CudaDriver driver) {
      super(driver);
    }

    @Override
    public long currentContext() {
      return 1;
    }

    @Override
    public boolean isCapturing(CudaStream stream) {
      return false;
    }

    @Override
    public OrderingEvent createOrderingEvent() {
      return new OrderingEvent() {
        @Override
        public void record(CudaStream stream) {}

        @Override
        public void delay(CudaStream stream) {}

        @Override
        public void await() {}

        @Override
        public void destroy() {}
      };
    }

    @Override
    public Launch prepare(
        long function,
        String name,
        int grid,
        int threads,
        int sharedBytes,
        ByteBuffer... arguments) {
      return stream -> launches++;
    }
  }

  private static CUdeviceptr pointer(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  /** A driver that records every call. */
  private static CudaDriver recording(CudaDriver driver, List<String> calls) {
    return Proxies.of(
        CudaDriver.class,
        (method, arguments) -> {
          calls.add(method.getName());
          Object result = method.invoke(driver, arguments);
          if (result instanceof CudaDriver.Launch launch) {
            return Proxies.of(
                CudaDriver.Launch.class,
                (enqueue, stream) -> {
                  calls.add("enqueue " + arguments[1]);
                  return enqueue.invoke(launch, stream);
                });
          }
          return result;
        });
  }
}
