/** Keeps a short secret unreadable while it waits in the database: what is sealed is read with the installation’s key only. */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;

export interface Seal {
  /** The same text in the same context gives the same, so that a request that is repeated is known by it. */
  seal(context: string, text: string): string;
  /** Null for what was sealed in another context, with another key, or not at all. */
  open(context: string, sealed: string): string | null;
}

/** AES-256-GCM; the nonce follows from the text, as no two texts may share one. @param secret 32 random bytes */
export function openSeal(secret: Uint8Array): Seal {
  const derive = (purpose: string) => createHmac('sha256', secret).update(purpose).digest();
  const [key, nonceKey] = [derive('seal'), derive('nonce')];
  return {
    seal(context, text) {
      const nonce = createHmac('sha256', nonceKey)
        .update(JSON.stringify([context, text]))
        .digest()
        .subarray(0, nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
      const bytes = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), bytes]).toString('base64');
    },
    open(context, sealed) {
      const bytes = Buffer.from(sealed, 'base64');
      if (bytes.length < nonceBytes + tagBytes) return null;
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes))
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString(
          'utf8',
        );
      } catch {
        return null;
      }
    },
  };
}
