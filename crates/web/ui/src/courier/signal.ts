/** What a hand in a glove feels and an ear hears of a scan; where a device can do neither, the words on the page remain. */
let sound: AudioContext | null = null;

export function signal(isGood: boolean): void {
  navigator.vibrate?.(isGood ? 60 : [80, 60, 80, 60, 80]);
  try {
    sound ??= new AudioContext();
    const [beep, volume] = [sound.createOscillator(), sound.createGain()];
    beep.frequency.value = isGood ? 1400 : 300;
    volume.gain.value = 0.15;
    beep.connect(volume).connect(sound.destination);
    beep.start();
    beep.stop(sound.currentTime + (isGood ? 0.08 : 0.35));
  } catch {
    // No sound here.
  }
}
