package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.management.ThreadMXBean;
import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.report.LayerStats;
import io.github.lamb4j.report.StepReport;
import io.github.lamb4j.schedule.Schedule;
import io.github.lamb4j.tools.bench.ForwardingDriver;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUdeviceptr;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Reports have the same bits on the CPU and on CUDA, and take a single copy on request. */
@Tag("gpu")
class ReportParityTest {

  private static final int[] SIZES = {1, 33, 0, 4097, 2048, 7, 0, 3};

  @ParameterizedTest
  @EnumSource(names = {"SINGLE_PASS", "TWO_PASS"})
  void shouldAgreeWithAGradientNorm(StepPath path) {
    try (TestDevice device = TestDevice.open()) {
      assertEquals(
          history(Lamb.onCpu().nonFiniteGradients(NonFiniteGradients.SKIP).maxGradNorm(3)),
          history(
              LambBuilders.staged(device.driver())
                  .path(path)
                  .nonFiniteGradients(NonFiniteGradients.SKIP)
                  .maxGradNorm(3)));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"SINGLE_PASS", "TWO_PASS"})
  void shouldAgreeWithoutAGradientNorm(StepPath path) {
    try (TestDevice device = TestDevice.open()) {
      assertEquals(history(Lamb.onCpu()), history(LambBuilders.staged(device.driver()).path(path)));
    }
  }

  /** Reports throughout a run: steps, an added group, bad gradients, a resumed run. */
  private static String history(LambBuilder builder) {
    TestModel model = TestModel.of(6, SIZES);
    List<String> history = new ArrayList<>();
    try (Lamb lamb = model.build(builder)) {
      history.add(text(lamb));
      for (int step = 0; step < 3; step++) {
        model.nextGradients();
        lamb.step();
        history.add(text(lamb));
      }
      lamb.addGroup(lans());
      history.add(text(lamb));
      for (int step = 0; step < 2; step++) {
        model.nextGradients();
        lamb.step();
      }
      history.add(text(lamb));
      gradients(model, 3).put(40, Float.POSITIVE_INFINITY);
      lamb.step();
      history.add(text(lamb));
      lamb.resumeAt(20);
      history.add(text(lamb));
      lamb.step();
      history.add(text(lamb));
      lamb.removeParameters("p0.1", "p3.4097", "p6.0");
      model.nextGradients();
      lamb.step();
      history.add(text(lamb));
    }
    return String.join("\n", history);
  }

  private static FloatBuffer gradients(TestModel model, int index) {
    HostParameter parameter =
        model.parameters().stream()
            .filter(p -> p.name().startsWith("p" + index))
            .findFirst()
            .orElseThrow();
    return parameter.gradients().floats();
  }

  private static ParameterGroup lans() {
    Hyperparameters h =
        Hyperparameters.lans(Schedule.linearWarmup(0.1, 4))
            .withBetas(0.8, 0.97)
            .withBiasCorrection(BiasCorrection.LEARNING_RATE);
    float[] weights = new float[2100];
    float[] gradients = new float[2100];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) Math.sin(i);
      gradients[i] = (float) Math.cos(3 * i);
    }
    return new ParameterGroup(
        "lans",
        h,
        List.of(
            Parameter.onHost("late", weights, gradients),
            Parameter.onHost("late and empty", new float[0], new float[0])));
  }

  /** All numbers of a report, exactly. */
  private static String text(Lamb lamb) {
    StepReport r = lamb.newReport();
    lamb.report(r);
    StringBuilder text = new StringBuilder(r.toString());
    text.append("\nstep %d skipped %d ".formatted(r.step(), r.skippedSteps()));
    text.append(Double.toHexString(r.gradientNorm()));
    for (int group = 0; group < r.groupCount(); group++) {
      text.append("\n%s %s".formatted(r.groupName(group), hex(r.learningRate(group))));
    }
    for (int layer = 0; layer < r.layerCount(); layer++) {
      text.append(
          "\n%s %s %s "
              .formatted(r.name(layer), hex(r.weightNorm(layer)), hex(r.updateNorm(layer))));
      text.append("%s ".formatted(hex(r.trustRatio(layer))));
      text.append(hex(r.gradientUpdateNorm(layer)) + " " + hex(r.gradientTrustRatio(layer)));
    }
    return text.append("\n").toString();
  }

  private static String hex(double value) {
    return Double.toHexString(value);
  }

  @Test
  void shouldCopyOnceForEachReportAndOnlyOnRequest() {
    List<Integer> copies = new ArrayList<>();
    try (TestDevice device = TestDevice.open()) {
      try (Lamb lamb = onDevice(device, counting(device.driver(), copies))) {
        copies.clear();
        StepReport report = lamb.newReport();
        for (int step = 1; step <= 3; step++) {
          lamb.step();
          lamb.step();
          assertEquals(List.of(), copies);
          lamb.report(report);
          assertEquals(1, copies.size());
          assertEquals(2 * step, report.step());
          List<LayerStats> norms = lamb.layerStats();
          assertEquals(2, copies.size());
          assertEquals(report.gradientNorm(), lamb.gradientNorm());
          assertEquals(3, copies.size());
          for (int i = 0; i < report.layerCount(); i++) {
            assertEquals(report.name(i), norms.get(i).name());
            assertEquals(report.weightNorm(i), norms.get(i).weightNorm());
            assertEquals(report.updateNorm(i), norms.get(i).updateNorm());
            assertEquals(report.trustRatio(i), norms.get(i).trustRatio());
          }
          copies.clear();
        }
        try (Lamb twin = onDevice(device, device.driver())) {
          assertThrows(IllegalArgumentException.class, () -> lamb.report(twin.newReport()));
        }
        assertEquals(List.of(), copies);
      }
    }
  }

  @Test
  void shouldAllocateNothingWhenRefilled() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (TestDevice device = TestDevice.open()) {
      CopyingNothing driver = new CopyingNothing(device.driver());
      try (Lamb lamb = onDevice(device, driver)) {
        StepReport report = lamb.newReport();
        // The minimum of several rounds: during warmup, the JVM allocates on behalf of the
        // thread.
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 10; round++) {
          long before = threads.getCurrentThreadAllocatedBytes();
          for (int i = 0; i < 50; i++) {
            lamb.report(report);
          }
          least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(0, least);
        assertEquals(500, driver.copies);
      }
    }
  }

  /** The driver without copies to the host, whose allocations are not ours. */
  private static final class CopyingNothing extends ForwardingDriver {

    private int copies;

    CopyingNothing(CudaDriver driver) {
      super(driver);
    }

    @Override
    public long currentContext() {
      return 1;
    }

    @Override
    public void copyToHost(ByteBuffer target, long source, CudaStream stream) {
      copies++;
    }
  }

  /** Two groups of three layers in device memory of the program. */
  private static Lamb onDevice(TestDevice device, CudaDriver driver) {
    long memory = device.upload(new byte[4 * 60], 0, "weights and gradients");
    LambBuilder builder = LambBuilders.onCuda(driver, device.stream()).maxGradNorm(1);
    for (int group = 0; group < 2; group++) {
      List<Parameter> members = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        long at = memory + 4 * (group * 30 + i * 10);
        members.add(Parameter.onDevice("p" + group + i, pointer(at), pointer(at + 20), 5));
      }
      builder.group("group " + group, Hyperparameters.lamb(0.1), members);
    }
    return builder.build();
  }

  private static CUdeviceptr pointer(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  /** The driver, recording the size of every copy to the host. */
  private static CudaDriver counting(CudaDriver driver, List<Integer> copies) {
    return Proxies.of(
        CudaDriver.class,
        (method, arguments) -> {
          if (method.getName().equals("copyToHost")) {
            copies.add(((ByteBuffer) arguments[0]).remaining());
          }
          return method.invoke(driver, arguments);
        });
  }
}
