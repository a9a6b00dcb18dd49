package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Calls of device functions. */
class CallsTest {

  private static final String FUNCTIONS =
      """
      .extern .func (.param .b32 result) vprintf (.param .b64 a, .param .b64 b);
      .func (.param .b32 result) collatz (.param .b32 start);
      .func (.param .b32 result) collatz (.param .b32 start)
      {
      .reg .pred %p<3>;
      .reg .b32 %r<4>;
      .local .b32 steps;
      ld.param.b32 %r0, [start];
      st.local.u32 [steps], 0;
      Next:
      setp.le.u32 %p0, %r0, 1;
      @!%p0 bra Go;
      ld.local.u32 %r3, [steps];
      st.param.b32 [result+0], %r3;
      ret;
      Go:
      ld.local.u32 %r3, [steps];
      add.u32 %r3, %r3, 1;
      st.local.u32 [steps], %r3;
      and.b32 %r1, %r0, 1;
      setp.eq.u32 %p1, %r1, 0;
      @%p1 shr.u32 %r0, %r0, 1;
      @!%p1 mad.lo.u32 %r0, %r0, 3, 1;
      bra Next;
      }
      .func forever (.param .b32 x) { call forever, (x); ret; }
      """;

  private static int[] run(String body) {
    EmulatedDriver driver = new EmulatedDriver();
    long out = Ptx.upload(driver, "output", new int[32]);
    String kernel =
        """
        .entry test(.param .u64 out) {
        .reg .pred %%p<4>;
        .reg .b32 %%r<4>;
        .reg .b64 %%d<4>;
        ld.param.u64 %%d0, [out];
        mov.u32 %%r0, %%tid.x;
        mad.wide.u32 %%d0, %%r0, 4, %%d0;
        %s
        ret;
        }
        """
            .formatted(body);
    Ptx.launch(driver, Ptx.module(FUNCTIONS + kernel), 1, 32, 0, Ptx.argument(out));
    return Ptx.download(driver, out, 32);
  }

  private static int collatz(int start) {
    int steps = 0;
    for (int n = start; n > 1; n = n % 2 == 0 ? n / 2 : 3 * n + 1) steps++;
    return steps;
  }

  private static String call(String guard) {
    return """
        {
        .param .b32 a;
        st.param.b32 [a+0], %%r0;
        .param .b32 r;
        st.param.b32 [r+0], 77;
        %s call.uni (r), collatz, (a);
        ld.param.b32 %%r1, [r+0];
        }
        """
        .formatted(guard);
  }

  /** The lanes return at different times, from loops of different lengths. */
  @Test
  void shouldCallFunctions() {
    int[] values = run(call("") + "st.global.u32 [%d0], %r1;");
    for (int i = 0; i < 32; i++) assertTrue(values[i] == collatz(i), i + ": " + values[i]);
  }

  @Test
  void shouldSkipGuardedCalls() {
    for (boolean negated : new boolean[] {false, true}) {
      String guard = negated ? "@!%p0" : "@%p0";
      int[] values = run("setp.lt.u32 %p0, %r0, 9;" + call(guard) + "st.global.u32 [%d0], %r1;");
      int[] expected = new int[32];
      for (int i = 0; i < 32; i++) expected[i] = i < 9 != negated ? collatz(i) : 77;
      assertArrayEquals(expected, values);
    }
  }

  @Test
  void shouldFindUninitializedResults() {
    String body = "{ .param .b32 r; ld.param.b32 %r1, [r+0]; }";
    EmulatorException e = assertThrows(EmulatorException.class, () -> run(body));
    assertTrue(e.getMessage().contains("uninitialized"), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{.param .b32 x; st.param.b32 [x], 1; call forever, (x);} | recursive",
        "call collatz; | 0 arguments for 1",
        "call %d0, (x); | calls through pointers",
        "call nowhere; | calls through pointers"
      })
  void shouldRefuse(String body, String why) {
    EmulatorException e = assertThrows(EmulatorException.class, () -> run(body));
    assertTrue(e.getMessage().startsWith("kernel test does not run"), e.getMessage());
    assertTrue(e.getMessage().contains(why), e.getMessage());
  }

  /** Such as a debug print on a path that is not taken. */
  @Test
  void shouldReportUnavailableFunctionsWhenTheyAreCalled() {
    String body =
        """
        {.param .b64 a; .param .b64 b; .param .b32 r;
        setp.eq.u32 %p0, %r0, {};
        @%p0 call.uni (r), vprintf, (a, b);
        }
        """;
    run(body.replace("{}", "99"));
    EmulatorException e = assertThrows(EmulatorException.class, () -> run(body.replace("{}", "5")));
    assertTrue(e.getMessage().contains("thread 5") && e.getMessage().contains("vprintf"));
  }
}
