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
 * The coefficients that {@code begin_step} derives, bit for bit. Few results of a step depend on
 * the low half of a beta, so the parity tests would miss an error there.
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
        ByteBuffer hyperparameters = CudaLayout.buffer(CudaLayout.Hyperparameters.SIZE);
        StructWriter.putHyperparameters(hyperparameters, 0, h);
        ByteBuffer state = CudaLayout.buffer(CudaLayout.StepState.SIZE);
        StructWriter.putStepState(state, 0, 0, 1, 1);
        long stateAddress = arrays.upload(state, Purpose.REPORT, "g");
        ByteBuffer group = CudaLayout.buffer(CudaLayout.Group.SIZE);
        group.putLong(
            CudaLayout.Group.HYPERPARAMETERS,
            arrays.upload(hyperparameters, Purpose.HYPERPARAMETERS, "g"));
        group.putLong(CudaLayout.Group.STATE, stateAddress);
        group.putLong(
            CudaLayout.Group.RATES,
            arrays.allocateZeros((long) Rates.KEPT * Double.BYTES, Purpose.LEARNING_RATES, "g"));
        ByteBuffer control = CudaLayout.buffer(CudaLayout.StepControl.SIZE);
        StructWriter.putStepControl(control, 0, 0);
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
                    CudaLayout.argument(controlAddress));
        for (int step = 1; step <= 3; step++) {
          learningRate.putDouble(0, 0.1 / step);
          rateStep.putLong(0, step);
          if (step == 3) {
            control.putDouble(CudaLayout.StepControl.NORM, 7);
            control.putDouble(CudaLayout.StepControl.SCALE, 0.3);
            driver.copyToDevice(controlAddress, control, device.stream());
          }
          launch.enqueue(device.stream());
          ByteBuffer actual = CudaLayout.buffer(CudaLayout.StepState.SIZE);
          driver.copyToHost(actual, stateAddress, device.stream());
          assertEquals(text(expected(h, step)), text(actual), h + " at step " + step);
        }
        driver.unloadModule(module);
      }
    }
  }

  /** The coefficients of NUMERICS.md. */
  private static ByteBuffer expected(Hyperparameters h, int step) {
    double power1 = 1;
    double power2 = 1;
    for (int i = 0; i < step; i++) {
      power1 *= h.beta1();
      power2 *= h.beta2();
    }
    ByteBuffer state = CudaLayout.buffer(CudaLayout.StepState.SIZE);
    state.putLong(CudaLayout.StepState.STEP, step);
    state.putLong(CudaLayout.StepState.KNOWN_RATES, step);
    state.putDouble(CudaLayout.StepState.BETA1_POWER, power1);
    state.putDouble(CudaLayout.StepState.BETA2_POWER, power2);
    int c = CudaLayout.StepState.COEFFICIENTS;
    double rate = 0.1 / step;
    double corrected = rate * (Math.sqrt(1 - power2) / (1 - power1));
    boolean ofRate = h.biasCorrection() == BiasCorrection.LEARNING_RATE;
    state.putDouble(CudaLayout.StepState.RATE, rate);
    state.putDouble(c + CudaLayout.Coefficients.LEARNING_RATE, ofRate ? corrected : rate);
    state.putDouble(c + CudaLayout.Coefficients.GRADIENT_SCALE, step == 3 ? 0.3 : 1);
    putBeta(state, c + CudaLayout.Coefficients.BETA1_HI, h.beta1());
    putBeta(state, c + CudaLayout.Coefficients.BETA2_HI, h.beta2());
    if (!h.gradientAveraging()) {
      state.putFloat(c + CudaLayout.Coefficients.ONE_MINUS_BETA1, 1);
    }
    boolean ofMoments = h.biasCorrection() == BiasCorrection.MOMENTS;
    state.putFloat(
        c + CudaLayout.Coefficients.M_CORRECTION, ofMoments ? (float) (1 / (1 - power1)) : 1);
    state.putFloat(
        c + CudaLayout.Coefficients.SQRT_V_CORRECTION,
        ofMoments ? (float) (1 / Math.sqrt(1 - power2)) : 1);
    state.putFloat(c + CudaLayout.Coefficients.EPSILON, (float) h.epsilon());
    float coupled = h.decoupledDecay() ? 0 : (float) h.weightDecay();
    float decoupled = h.decoupledDecay() ? (float) (rate * h.weightDecay()) : 0;
    state.putFloat(c + CudaLayout.Coefficients.WEIGHT_DECAY, coupled);
    state.putFloat(c + CudaLayout.Coefficients.DECOUPLED_DECAY, decoupled);
    return state;
  }

  /** A beta as the sum of two floats, then 1 - beta. */
  private static void putBeta(ByteBuffer to, int at, double beta) {
    float high = (float) beta;
    to.putFloat(at, high);
    to.putFloat(at + Float.BYTES, (float) (beta - high));
    to.putFloat(at + 2 * Float.BYTES, (float) (1 - beta));
  }

  private static String text(ByteBuffer state) {
    StringBuilder words = new StringBuilder();
    for (int at = 0; at < CudaLayout.StepState.SIZE; at += Integer.BYTES) {
      words.append("%d: %08x\n".formatted(at, state.getInt(at)));
    }
    return words.toString();
  }
}
