/**
 * A PTX emulator for tests. It runs the committed kernels without a GPU, under many schedules, and
 * reports what a GPU would silently accept: data races, reads of uninitialized memory, accesses out
 * of bounds, divergent barriers, deadlocks and leaks. It also counts instructions and bytes
 * exactly.
 *
 * <p>It is not a performance model, and not a general PTX interpreter: it implements the
 * instructions that the kernels use and those that compilers may produce for them. It depends on
 * {@code CudaDriver} and the library's errors only, and is not part of any published jar.
 *
 * <pre>
 * text       PtxLexer, PtxParser -> ParsedModule, Statement, Operand
 * binding    KernelBuilder, Operands -> Kernel: assigns registers and variables to slots
 * table      Instructions, *Instructions: the effect of each instruction on the lanes of a warp
 * execution  Grid (blocks, schedule) -> Block (barriers) -> Warp (divergence)
 * memory     GlobalMemory, Allocation, Page; Access resolves and checks addresses; StoreBuffer
 *            delays stores if a test asks for it
 * races      RaceDetector, Knowledge: happens-before between threads, by vector clocks
 * driver     EmulatedDriver, EmulatedDevice, DriverErrors; Contexts, Heap, Modules, Events
 * commands   CommandExecutor runs them and writes LaunchReports, either at once or, if Captures
 *            recorded them, when a CapturedGraph is replayed
 * </pre>
 *
 * <p>Not modeled: events and graph launches in captures, textures, function calls, tensor cores,
 * bulk copies and their barriers, half-precision arithmetic other than conversions, and arithmetic
 * with directed rounding. All of these are errors; errors in PTX name the line. Streams do not
 * overlap. Memory is sequentially consistent unless a test delays stores; StoreBuffer says which
 * behavior of the PTX memory model that adds. For weak accesses the race detector covers the rest.
 */
package io.github.lamb4j.emulator;
