package io.github.lamb4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.HostParameter;
import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.Moment;
import io.github.lamb4j.StepPath;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A run that is begun on one backend and resumed on another has the bits of one that never stopped.
 */
@Tag("gpu")
class CrossBackendResumeTest {

  private static final int[] SIZES = {5, 2049, 0, 1, 4097};
  private static final int STEPS = 6;

  @ParameterizedTest
  @CsvSource({"SINGLE_PASS, 1", "SINGLE_PASS, 4", "TWO_PASS, 3"})
  void shouldGoOnOnTheDeviceAndOnTheCpu(StepPath path, int stop) {
    TestModel whole = TestModel.of(4, SIZES);
    List<String> expected;
    try (Lamb lamb = whole.build(Lamb.onCpu())) {
      expected = take(STEPS, whole, lamb);
    }
    try (TestDevice device = TestDevice.open()) {
      LambBuilder cuda = LambBuilders.mirrored(device.driver()).path(path);
      assertEquals(expected, resumed(stop, Lamb.onCpu(), cuda), "begun on the CPU");
      cuda = LambBuilders.mirrored(device.driver()).path(path);
      assertEquals(expected, resumed(stop, cuda, Lamb.onCpu()), "begun on the device");
    }
  }

  private static List<String> resumed(int stop, LambBuilder first, LambBuilder second) {
    TestModel model = TestModel.of(4, SIZES);
    try (Lamb before = model.build(first);
        Lamb after = model.build(second)) {
      take(stop, model, before);
      for (HostParameter parameter : model.parameters()) {
        for (Moment moment : Moment.values()) {
          FloatBuffer values = FloatBuffer.allocate((int) parameter.count());
          before.readMoment(parameter.name(), moment, 0, values);
          after.writeMoment(parameter.name(), moment, 0, values.flip());
        }
      }
      after.resumeAt(before.stepCount());
      return take(STEPS - stop, model, after);
    }
  }

  private static List<String> take(int steps, TestModel model, Lamb lamb) {
    for (int step = 0; step < steps; step++) {
      model.nextGradients();
      lamb.step();
    }
    return TestModel.bits(lamb, model.parameters());
  }
}
