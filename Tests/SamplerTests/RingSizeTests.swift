import Testing

@testable import Sampler

struct RingSizeTests {
    @Test func whatIsAskedForIsTaken() {
        var settings = SamplerSettings()
        for exponent in 18...28 {
            settings.requestedRingBytes = 1 << exponent
            #expect(settings.ringBytes(cpus: 64) == 1 << exponent)
        }
        settings.requestedRingBytes = 3 << 20
        #expect(settings.ringBytes(cpus: 1) == 2 << 20)
        settings.requestedRingBytes = 1
        #expect(settings.ringBytes(cpus: 1) == SamplerSettings.smallestRing)
        settings.requestedRingBytes = .max
        #expect(settings.ringBytes(cpus: 1) == SamplerSettings.largestRing)
    }

    @Test func automaticSizesHoldMoreThanTwoWakeUps() {
        var settings = SamplerSettings()
        #expect(settings.ringBytes(cpus: 2) == 4 << 20)
        #expect(settings.ringBytes(cpus: 64) == 1 << 20)
        settings.hertz = 999
        #expect(settings.ringBytes(cpus: 2) == 8 << 20)
        settings.hertz = 1
        #expect(settings.ringBytes(cpus: 2) == SamplerSettings.smallestRing)
    }
}
