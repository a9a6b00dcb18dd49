package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.numerics.Rates;
import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The state that a step begins with, to the bit: of a coefficient that is the rounding of another,
 * few results tell.
 */
@Tag("gpu")
@Tag("kernels")
class BeginStepTest {

  private static final Hyperparameters LAMB = Hyperparameters.lamb(0.1);

  static Stream<Hyperparameters> cases() {
    return Stream.of(
        LAMB,
        LAMB.withBetas(0.8, 0.97).withEpsilon(1e-7).withWeightDecay(0.03),
        LAMB.withBetas(0.7, 0.99).withBiasCorrection(BiasCorrection.NONE),
        LAMB.withBetas(0.3, 0.1).withWeightDecay(1e-50).withEpsilon(0.7),
        // 1 - beta lies next to a tie of its two roundings.
        LAMB.withBetas(Math.nextUp(0x1p-25), 0.123),
        LAMB.withBetas(0.123, Math.nextUp(0x1p-25)),
        LAMB.withBetas(0, 0),
        LAMB.withBiasCorrection(BiasCorrection.LEARNING_RATE),
        LAMB.withGradientAveraging(false).withBetas(0.7, 0.99),
        LAMB.withDecoupledDecay(true).withWeightDecay(0.3),
        LAMB.withDecoupledDecay(true).withBiasCorrection(BiasCorrection.LEARNING_RATE));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void shouldDeriveEveryCoefficient(Hyperparameters h) {
    try (TestDevice device = TestDevice.open()) {
      CudaDriver driver = device.driver();
      try (DeviceArrays arrays = new DeviceArrays(driver, device.stream())) {
        long module = driver.loadModule(Kernels.ptx());
        ByteBuffer hyperparameters = CudaLayout.buffer(CudaLayout.HYPERPARAMETERS);
        CudaLayout.putHyperparameters(hyperparameters, h);
        ByteBuffer state = CudaLayout.buffer(CudaLayout.STEP_STATE);
        CudaLayout.putStepState(state, 0, 1, 1);
        long stateAddress = arrays.upload(state, Purpose.REPORT, "g");
        ByteBuffer group = CudaLayout.buffer(CudaLayout.GROUP);
        group.position(CudaLayout.GROUP - 32);
        group
            .putLong(arrays.upload(hyperparameters, Purpose.HYPERPARAMETERS, "g"))
            .putLong(stateAddress);
        group.putLong(
            arrays.allocateZeros((long) Rates.KEPT * Double.BYTES, Purpose.LEARNING_RATES, "g"));
        ByteBuffer control = CudaLayout.buffer(CudaLayout.STEP_CONTROL);
        CudaLayout.putStepControl(control, 0);
        long controlAddress = arrays.upload(control, Purpose.REPORT, "g");
        ByteBuffer learningRate = CudaLayout.buffer(Double.BYTES);
        ByteBuffer rateStep = CudaLayout.buffer(Long.BYTES);
        CudaDriver.Launch launch =
            new Launcher(driver, device.stream(), module, 1, Window.of(driver))
                .prepare(
                    LaunchPolicy.BEGIN_STEP,
                    1,
                    group,
                    learningRate,
                    rateStep,
                    CudaLayout.buffer(Long.BYTES).putLong(0, controlAddress));
        for (int step = 1; step <= 3; step++) {
          learningRate.putDouble(0, 0.1 / step);
          rateStep.putLong(0, step);
          if (step == 3) {
            control.clear().putDouble(7).putDouble(0.3);
            driver.copyToDevice(controlAddress, control.clear(), device.stream());
          }
          launch.enqueue(device.stream());
          ByteBuffer actual = CudaLayout.buffer(CudaLayout.STEP_STATE);
          driver.copyToHost(actual, stateAddress, device.stream());
          assertEquals(text(expected(h, step)), text(actual), h + " at step " + step);
        }
        driver.unloadModule(module);
      }
    }
  }

  /** NUMERICS.md's table, in the order of the structure. */
  private static ByteBuffer expected(Hyperparameters h, int step) {
    double power1 = 1;
    double power2 = 1;
    for (int i = 0; i < step; i++) {
      power1 *= h.beta1();
      power2 *= h.beta2();
    }
    ByteBuffer state = CudaLayout.buffer(CudaLayout.STEP_STATE);
    state.putLong(step).putLong(step).putDouble(power1).putDouble(power2);
    double rate = 0.1 / step;
    double folded = rate * (Math.sqrt(1 - power2) / (1 - power1));
    boolean ofRate = h.biasCorrection() == BiasCorrection.LEARNING_RATE;
    state.putDouble(ofRate ? folded : rate).putDouble(step == 3 ? 0.3 : 1);
    for (double beta : new double[] {h.beta1(), h.beta2()}) {
      float high = (float) beta;
      boolean whole = beta == h.beta1() && !h.gradientAveraging();
      state.putFloat(high).putFloat((float) (beta - high));
      state.putFloat(whole ? 1 : (float) (1 - beta));
    }
    boolean ofMoments = h.biasCorrection() == BiasCorrection.MOMENTS;
    state.putFloat(ofMoments ? (float) (1 / (1 - power1)) : 1);
    state.putFloat(ofMoments ? (float) (1 / Math.sqrt(1 - power2)) : 1);
    state.putFloat((float) h.epsilon());
    state.putFloat(h.decoupledDecay() ? 0 : (float) h.weightDecay());
    state.putFloat(h.decoupledDecay() ? (float) (rate * h.weightDecay()) : 0);
    return state.putInt(0).flip();
  }

  private static String text(ByteBuffer state) {
    StringBuilder words = new StringBuilder();
    for (int at = 0; at < CudaLayout.STEP_STATE; at += Integer.BYTES) {
      words.append("%d: %08x\n".formatted(at, state.getInt(at)));
    }
    return words.toString();
  }
}
