package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.emulator.Graph;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.MixedModel.Form;
import io.github.lamb4j.internal.cuda.MixedModel.Tensor;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.ParameterGroup;
import io.github.lamb4j.report.StepReport;
import io.github.lamb4j.schedule.Schedule;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Adding groups and removing parameters during training. */
@Tag("slow")
class ParameterChangesTest {

  private static final int OUT_OF_MEMORY = 2; // CUDA_ERROR_OUT_OF_MEMORY

  private static final Schedule BY_STEP = step -> 0.01 * step;

  /** Parameters of every form; the second group starts with half weights. */
  private static MixedModel model(Side side) {
    return new MixedModel(side, 6)
        .group("first", Hyperparameters.lamb(BY_STEP), 3, 5, 2, 9)
        .group("second", Hyperparameters.lans(BY_STEP), 2049, 1, 0, 7);
  }

  /** A group to add, in the same forms on each side. */
  private static ParameterGroup added(MixedModel model) {
    return model.newGroup("added", Hyperparameters.lamb(BY_STEP), 33, 4, 0, 5, 6);
  }

  /** Trains with gradients that depend only on the parameter's name and the step. */
  private static void train(MixedModel model, Lamb lamb, int first, int last) {
    for (int step = first; step <= last; step++) {
      for (Tensor t : model.tensors) {
        Random random = new Random(t.name().hashCode() * 31L + step);
        float[] gradients = new float[t.weights().count];
        for (int i = 0; i < gradients.length; i++) {
          gradients[i] = (float) random.nextGaussian();
        }
        t.gradients().put(gradients);
      }
      lamb.step();
    }
  }

  /** The lines of a state for these parameters. */
  private static String of(String prefix, String state) {
    return state.lines().filter(line -> line.startsWith(prefix)).collect(Collectors.joining("\n"));
  }

  @ParameterizedTest
  @EnumSource
  @Tag("gpu")
  void shouldNotAffectOtherParameters(Side.Where where) {
    MixedModel untouched = model(Side.cpu());
    try (TestDevice device = TestDevice.open();
        Lamb plain = untouched.builder().build()) {
      MixedModel model = model(where.on(device));
      try (Lamb lamb = model.builder().build()) {
        train(untouched, plain, 1, 4);
        train(model, lamb, 1, 2);
        lamb.addGroup(added(model));
        assertEquals(2, lamb.stepCount());
        train(model, lamb, 3, 3);
        lamb.removeParameters("added.1", "first.0", "added.1");
        train(model, lamb, 4, 4);
        String expected = untouched.state(plain);
        String actual = model.state(lamb);
        assertEquals(
            of("first", expected).lines().skip(1).toList(), of("first", actual).lines().toList());
        assertEquals(of("second", expected), of("second", actual));
        assertEquals(4, of("added", actual).lines().count());
        assertEquals(4, lamb.stepCount());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @Tag("gpu")
  void shouldCountStepsOfANewGroupFromOne(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      MixedModel model = model(where.on(device));
      MixedModel alone = model(Side.cpu());
      ParameterGroup first = added(alone);
      try (Lamb lamb = model.builder().build();
          Lamb fresh = Lamb.onCpu().group(first).build()) {
        train(model, lamb, 1, 3);
        lamb.addGroup(added(model));
        train(model, lamb, 4, 5);
        train(alone, fresh, 4, 5);
        assertEquals(of("added", alone.state(fresh)), of("added", model.state(lamb)));
        StepReport report = lamb.newReport();
        lamb.report(report);
        assertEquals(5, report.step());
        assertEquals(BY_STEP.at(5), report.learningRate(0));
        assertEquals(BY_STEP.at(2), report.learningRate(2));
        // The oldest group determines the step count.
        lamb.removeParameters("first.0", "first.1", "first.2", "first.3");
        lamb.removeParameters("second.0", "second.1", "second.2", "second.3");
        assertEquals(List.of("added"), lamb.groups().stream().map(ParameterGroup::name).toList());
        assertEquals(5, lamb.stepCount());
        train(model, lamb, 6, 6);
        train(alone, fresh, 6, 6);
        assertEquals(alone.state(fresh), of("added", model.state(lamb)) + "\n");
        assertEquals(6, lamb.stepCount());
        assertEquals(3, fresh.stepCount());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @Tag("gpu")
  void shouldKeepTheCountOfSkippedSteps(Side.Where where) {
    try (TestDevice device = TestDevice.open()) {
      MixedModel model = model(where.on(device));
      try (Lamb lamb = model.builder().nonFiniteGradients(NonFiniteGradients.SKIP).build()) {
        train(model, lamb, 1, 1);
        model.tensors.get(0).gradients().put(0, Float.NaN);
        lamb.step();
        lamb.addGroup(added(model));
        assertEquals(1, lamb.skippedSteps());
        train(model, lamb, 2, 2);
        assertEquals(2, lamb.stepCount());
        StepReport report = lamb.newReport();
        lamb.report(report);
        assertEquals(BY_STEP.at(2), report.learningRate(0));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @Tag("gpu")
  void shouldChangeNothingWhenRejecting(Side.Where where) {
    MixedModel untouched = model(Side.cpu());
    try (TestDevice device = TestDevice.open();
        Lamb plain = untouched.builder().build()) {
      Side side = where.on(device);
      MixedModel model = model(side);
      try (Lamb lamb = model.builder().build()) {
        train(model, lamb, 1, 1);
        Tensor one = model.tensors.get(0);
        Form floats = new Form(DType.F32, null, DType.F32);
        Tensor other = new MixedModel(side, 1).add("other", floats, 3);
        Hyperparameters h = Hyperparameters.lamb(0.1);
        assertRefused(() -> lamb.addGroup(null), "group", "null");
        assertRefused(
            () -> lamb.addGroup(new ParameterGroup("first", h, List.of(other.parameter()))),
            "group first",
            "duplicate name");
        assertRefused(
            () -> lamb.addGroup(new ParameterGroup("third", h, List.of(one.parameter()))),
            "parameter first.0",
            "duplicate name");
        assertRefused(
            () ->
                lamb.addGroup(
                    new ParameterGroup(
                        "third",
                        h,
                        List.of(side.parameter("p", one.weights(), other.gradients(), null)))),
            "weights of first.0",
            "weights of p",
            "overlap");
        assertRefused(() -> lamb.removeParameters((String[]) null), "parameters to remove", "null");
        assertRefused(() -> lamb.removeParameters("first.0", "nobody"), "parameter nobody");
        assertRefused(() -> lamb.removeParameters((String) null), "parameter null");
        assertRefused(
            () ->
                lamb.removeParameters(
                    model.tensors.stream().map(Tensor::name).toArray(String[]::new)),
            "all of them",
            "close()");
        assertEquals(1, lamb.layerStats().size() / model.tensors.size());
        train(model, lamb, 2, 2);
        train(untouched, plain, 1, 2);
        assertEquals(untouched.bits(plain), model.bits(lamb));
      }
    }
  }

  private static void assertRefused(Runnable call, String... said) {
    IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, call::run);
    for (String part : said) {
      assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
    }
  }

  @Test
  void shouldRejectReportsCreatedBeforeAChange() {
    MixedModel model = model(Side.cpu());
    try (Lamb lamb = model.builder().build()) {
      train(model, lamb, 1, 1);
      StepReport before = lamb.newReport();
      lamb.report(before);
      lamb.addGroup(added(model));
      assertRefused(() -> lamb.report(before), "report", "earlier groups", "newReport()");
      StepReport after = lamb.newReport();
      lamb.report(after);
      assertEquals(3, after.groupCount());
      lamb.removeParameters("added.0");
      assertRefused(() -> lamb.report(after), "earlier groups");
    }
  }

  /** A graph captured before the change does not fit the new groups. */
  @Test
  void shouldRequirePreparingReplaysAgain() {
    try (TestDevice device = TestDevice.open()) {
      MixedModel model = model(Side.cuda(device, StepPath.SINGLE_PASS));
      try (Lamb lamb = model.builder().build()) {
        lamb.prepareReplays(3);
        lamb.addGroup(added(model));
        device.capture(() -> assertThrows(IllegalStateException.class, lamb::step)).close();
        lamb.prepareReplays(3);
        try (Graph graph = device.capture(lamb::step)) {
          graph.replay();
          assertEquals(1, lamb.stepCount());
        }
      }
    }
  }

  /** Whichever call fails, nothing changes and nothing leaks. */
  @ParameterizedTest
  @CsvSource({
    "COPY_TO_HOST, 1",
    "ALLOCATE, 20",
    "COPY_TO_DEVICE, 20",
    "ENQUEUE, 1",
    "COPY_TO_HOST, 2"
  })
  void shouldContinueAfterAFailedChange(EmulatedDriver.Call call, int nth) {
    MixedModel untouched = model(Side.cpu());
    try (TestDevice device = TestDevice.open();
        Lamb plain = untouched.builder().build()) {
      train(untouched, plain, 1, 2);
      MixedModel model = model(Side.cuda(device, StepPath.SINGLE_PASS));
      ParameterGroup group = added(model);
      try (Lamb lamb = model.builder().build()) {
        train(model, lamb, 1, 1);
        List<String> live = device.emulator().liveAllocations();
        device.emulator().fail(call, nth, OUT_OF_MEMORY);
        assertThrows(CudaException.class, () -> lamb.addGroup(group));
        assertEquals(live, device.emulator().liveAllocations());
        train(model, lamb, 2, 2);
        assertEquals(of("first", untouched.state(plain)), of("first", model.state(lamb)));
        assertEquals(2, lamb.stepCount());
        lamb.addGroup(group);
      }
    }
  }

  /** An optimizer for host parameters that retained a context keeps it. */
  @Test
  void shouldKeepItsOwnContext() {
    try (TestDevice device = TestDevice.open()) {
      long context = device.emulator().context();
      device.emulator().makeCurrent(0);
      MixedModel untouched = model(Side.cpu());
      MixedModel model = model(Side.mirrored(device, StepPath.SINGLE_PASS));
      try (Lamb plain = untouched.builder().build();
          Lamb lamb = model.builder().build()) {
        train(model, lamb, 1, 1);
        lamb.addGroup(added(model));
        lamb.removeParameters("added.0", "added.1", "added.2", "added.3", "added.4");
        train(model, lamb, 2, 2);
        train(untouched, plain, 1, 2);
        assertEquals(untouched.state(plain), model.state(lamb));
      }
      assertEquals(0, device.driver().currentContext());
      device.emulator().makeCurrent(context);
    }
  }
}
