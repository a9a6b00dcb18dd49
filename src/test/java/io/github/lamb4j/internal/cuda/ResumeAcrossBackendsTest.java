package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.StateArray;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A run that starts on one backend and ends on another has the bits of a run on the CPU. */
@Tag("gpu")
class ResumeAcrossBackendsTest {

  private static final int[] SIZES = {1, 3, 33, 4097, 0, 2048};
  private static final int STEPS = 6;
  private static final int STOP = 2;

  @ParameterizedTest
  @CsvSource({
    "CPU, SINGLE_PASS",
    "CPU, TWO_PASS",
    "SINGLE_PASS, CPU",
    "TWO_PASS, CPU",
    "SINGLE_PASS, TWO_PASS",
    "TWO_PASS, SINGLE_PASS",
    "SINGLE_PASS, SINGLE_PASS"
  })
  void shouldResumeWithTheSameBits(HostBackend first, HostBackend second) {
    TestModel whole = TestModel.of(4, SIZES);
    List<String> expected;
    try (Lamb lamb = whole.build(Lamb.onCpu().maxGradNorm(3))) {
      train(whole, lamb, STEPS);
      expected = TestModel.bits(lamb, whole.parameters());
    }
    try (TestDevice device = TestDevice.open()) {
      TestModel model = TestModel.of(4, SIZES);
      Map<String, FloatBuffer> moments = new HashMap<>();
      try (Lamb lamb = model.build(first.builder(device).maxGradNorm(3))) {
        train(model, lamb, STOP);
        eachMoment(
            model,
            (parameter, moment) -> {
              FloatBuffer saved = FloatBuffer.allocate((int) parameter.count());
              lamb.readState(parameter.name(), moment, 0, saved);
              moments.put(parameter.name() + moment, saved.flip());
            });
      }
      try (Lamb lamb = model.build(second.builder(device).maxGradNorm(3))) {
        eachMoment(
            model,
            (parameter, moment) ->
                lamb.writeState(
                    parameter.name(), moment, 0, moments.get(parameter.name() + moment)));
        lamb.resumeAt(STOP);
        train(model, lamb, STEPS - STOP);
        assertEquals(
            String.join("\n", expected),
            String.join("\n", TestModel.bits(lamb, model.parameters())));
      }
    }
  }

  /** The single pass distinguishes steps by 32 bits. */
  @ParameterizedTest
  @ValueSource(longs = {(1L << 32) - 2, (1L << 32) - 1, 1L << 32, (3L << 32) - 1})
  void shouldResumeAtAnyStep(long step) {
    TestModel onCpu = TestModel.of(4, SIZES);
    try (Lamb lamb = onCpu.build(Lamb.onCpu());
        TestDevice device = TestDevice.open()) {
      lamb.resumeAt(step);
      train(onCpu, lamb, 2);
      TestModel model = TestModel.of(4, SIZES);
      try (Lamb other = model.build(HostBackend.SINGLE_PASS.builder(device))) {
        other.resumeAt(step);
        train(model, other, 2);
        assertEquals(
            String.join("\n", TestModel.bits(lamb, onCpu.parameters())),
            String.join("\n", TestModel.bits(other, model.parameters())));
      }
    }
  }

  private static void train(TestModel model, Lamb lamb, int steps) {
    for (int i = 0; i < steps; i++) {
      model.nextGradients();
      lamb.step();
    }
  }

  private interface Visitor {
    void visit(HostParameter parameter, StateArray moment);
  }

  private static void eachMoment(TestModel model, Visitor visitor) {
    for (HostParameter parameter : model.parameters()) {
      for (StateArray moment : StateArray.of(false)) {
        visitor.visit(parameter, moment);
      }
    }
  }
}
