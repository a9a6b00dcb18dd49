package io.github.lamb4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.github.lamb4j.Hyperparameters;
import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.Parameter;
import io.github.lamb4j.StepPath;
import io.github.lamb4j.bench.ForwardingDriver;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A step enqueues kernels and does nothing else: no copy, no allocation, no waiting. */
@Tag("gpu")
class StepCallsTest {

  /** Calls that a driver answers at once, without a copy, an allocation or a wait. */
  private static final Set<String> QUESTIONS = Set.of("currentContext", "isCapturing");

  @ParameterizedTest
  @CsvSource({
    "TWO_PASS, false, 8",
    "TWO_PASS, true, 13",
    "SINGLE_PASS, false, 4",
    "SINGLE_PASS, true, 9"
  })
  void shouldEnqueueKernelsAlone(StepPath path, boolean clip, int launches) {
    List<String> calls = new ArrayList<>();
    try (TestDevice device = TestDevice.open()) {
      long memory = device.upload(new byte[4 * 100], 0, "weights and gradients");
      var builder =
          LambBuilders.onCuda(recording(device.driver(), calls), device.stream()).path(path);
      // However many tensors a group has, it is launched as one.
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
        lamb.step();
        assertEquals(
            launches,
            calls.stream().filter(call -> call.startsWith("enqueue")).count(),
            calls::toString);
        assertTrue(
            calls.stream().allMatch(call -> call.startsWith("enqueue") || QUESTIONS.contains(call)),
            calls::toString);
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
      long memory = device.upload(new byte[40], 0, "weights and gradients");
      var builder = LambBuilders.onCuda(new LaunchingNothing(device.driver()), device.stream());
      builder.group(
          "all",
          Hyperparameters.lamb(0.1),
          Parameter.onDevice("p", pointer(memory), pointer(memory + 20), 5));
      try (Lamb lamb = builder.maxGradNorm(1).path(path).build()) {
        // The least of several rounds: while it warms up, the virtual machine allocates on the
        // thread's account.
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 10; round++) {
          long before = threads.getCurrentThreadAllocatedBytes();
          for (int step = 0; step < 500; step++) {
            lamb.step();
          }
          least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(0, least);
      }
    }
  }

  /**
   * The driver, with launches that do nothing and answers that need no call: what is left is ours.
   */
  private static final class LaunchingNothing extends ForwardingDriver {

    LaunchingNothing(CudaDriver driver) {
      super(driver);
    }

    @Override
    public long currentContext() {
      return 1;
    }

    @Override
    public boolean isCapturing(CUstream stream) {
      return false;
    }

    @Override
    public Launch prepare(
        long function,
        String name,
        int grid,
        int threads,
        int sharedBytes,
        ByteBuffer... arguments) {
      return stream -> {};
    }
  }

  private static CUdeviceptr pointer(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  /** The driver, with every call noted. */
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
