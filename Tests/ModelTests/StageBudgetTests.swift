import Model
import Testing

struct StageBudgetTests {
    @Test func limitsAndUse() {
        let budget = StageBudget(.store, bytes: 1000)
        #expect(budget.stage == .store)
        #expect(budget.limitBytes == 1000)
        #expect(budget.usedBytes == 0)
        budget.limitBytes = 5
        budget.usedBytes = 7
        #expect(budget.limitBytes == 5)
        #expect(budget.usedBytes == 7)
    }

    /// No charge is lost when many threads charge at once.
    @Test func charges() async {
        let budget = StageBudget(.unwind, bytes: 0)
        let events = EventCounter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for amount in 1...1000 {
                        budget.charge(cpuNanoseconds: UInt64(amount))
                        events.add()
                    }
                }
            }
        }
        #expect(budget.cpuNanoseconds == 8 * 500_500)
        #expect(events.value == 8000)
    }
}
