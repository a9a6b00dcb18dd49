package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.report.StepReport;
import io.github.lamb4j.schedule.Schedule;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One launch begins the step of up to {@link CudaLayout#GROUPS} groups. */
@Tag("kernels")
class ManyGroupsTest {

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "128, 1", "129, 2"})
  void shouldBeginAllGroupsAtOnce(int groups, int expected) {
    List<String> onCpu = trajectory(Lamb.onCpu(), groups, () -> {});
    try (TestDevice device = TestDevice.open()) {
      EmulatedDriver emulator = device.emulator();
      LambBuilder builder = LambBuilders.staged(device.driver());
      assertEquals(onCpu, trajectory(builder, groups, emulator::forgetLaunches));
      assertEquals(
          expected,
          emulator.launches().stream().filter(l -> l.kernel().equals("begin_step")).count());
    }
  }

  /** Three steps with different rates and schedules. */
  private static List<String> trajectory(LambBuilder builder, int groups, Runnable beforeTheThird) {
    List<String> bits = new ArrayList<>();
    List<HostParameter> parameters = new ArrayList<>();
    for (int g = 0; g < groups; g++) {
      Parameter p =
          Parameter.onHost("p" + g, new float[] {1 + g, -2}, new float[] {0.5f, 0.25f + g});
      Schedule rate =
          g % 3 == 1 ? Schedule.linearWarmup(0.1, 5 + g) : Schedule.constant(0.1 / (1 + g));
      parameters.add((HostParameter) p);
      builder.group("g" + g, Hyperparameters.lamb(rate).withWeightDecay(0.01 * g), p);
    }
    try (Lamb lamb = builder.build()) {
      lamb.step();
      lamb.setLearningRate("g" + (groups - 1), 0.7);
      lamb.step();
      beforeTheThird.run();
      lamb.step();
      bits.addAll(TestModel.bits(lamb, parameters));
      StepReport report = lamb.newReport();
      lamb.report(report);
      for (int g = 0; g < groups; g++) {
        bits.add("rate " + Double.toHexString(report.learningRate(g)));
      }
    }
    return bits;
  }
}
